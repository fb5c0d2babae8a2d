/**
 * One generation of a session, ready to be put into requests. What it holds is private: inspecting, logging or
 * serialising it shows the generation only.
 */
import type { SecurityScheme } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import { type Placed, place } from "./Placement.ts"
import type { RequestSigner, UnsignedRequest } from "./RequestSigner.ts"
import type { TokenSet } from "./TokenSet.ts"

/** A credential to send. What it takes to send it is made when it is first sent. */
export class Credential {
  readonly generation: number
  readonly #scheme: SecurityScheme
  readonly #tokens: TokenSet
  readonly #signer: RequestSigner | undefined
  #placed: Placed | undefined
  #authorization: string | undefined

  constructor(scheme: SecurityScheme, generation: number, tokens: TokenSet, signer?: RequestSigner) {
    this.generation = generation
    this.#scheme = scheme
    this.#tokens = tokens
    this.#signer = signer
  }

  /** Where it goes; absent for a signed one, and for a scheme that adds nothing to a request. */
  get placed(): Placed | undefined {
    if (this.#signer === undefined) this.#placed ??= place(this.#scheme, this.#tokens.accessToken)
    return this.#placed
  }

  /** The header fields that it writes, in lower case. */
  get writes(): ReadonlyArray<string> {
    const { placed } = this
    return this.#signer?.writes ?? (placed?.in === "header" ? [placed.name] : [])
  }

  /** Signs one sending of a request, see `RequestSigner`; absent for a credential that is sent as it is. */
  get sign(): ((request: UnsignedRequest) => Promise<Readonly<Record<string, string>>>) | undefined {
    const signer = this.#signer
    return signer && ((request) => signer.sign(request, this.#tokens))
  }

  /** The signer's own view of an answer. */
  get learn(): RequestSigner["learn"] | undefined {
    return this.#signer?.learn
  }

  /** The value of the `Authorization` header, in the clear, or `undefined` when the credential needs more. */
  authorizationUnsafe(): string | undefined {
    if (this.#authorization === undefined) {
      const { placed } = this
      if (placed?.in === "header" && placed.name === "authorization") this.#authorization = Redacted.value(placed.value)
    }
    return this.#authorization
  }

  /** Whether a request's own headers already say what this credential would. */
  isTaken(request: Request): boolean {
    return this.writes.some((name) => request.headers.has(name))
  }
}
