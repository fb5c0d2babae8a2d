/**
 * One generation of a session, ready to be put into requests. What it holds is private: inspecting, logging or
 * serialising it shows the generation only.
 */
import type { SecurityScheme } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import { type Placed, place } from "./Placement.ts"
import type { RequestSigner, UnsignedRequest } from "./RequestSigner.ts"
import type { TokenSet } from "./TokenSet.ts"

/** A credential to send. */
export class Credential {
  readonly generation: number
  /** Where it goes; absent for a signed one, and for a scheme that adds nothing to a request. */
  readonly placed: Placed | undefined
  /** The header fields that it writes, in lower case. */
  readonly writes: ReadonlyArray<string>
  readonly #authorization: string | undefined

  /** Signs one sending of a request, see `RequestSigner`; absent for a credential that is sent as it is. */
  readonly sign: ((request: UnsignedRequest) => Promise<Readonly<Record<string, string>>>) | undefined
  /** The signer's own view of an answer. */
  readonly learn: RequestSigner["learn"] | undefined

  constructor(scheme: SecurityScheme, generation: number, tokens: TokenSet, signer?: RequestSigner) {
    this.generation = generation
    this.placed = signer === undefined ? place(scheme, tokens.accessToken) : undefined
    const { placed } = this
    this.writes = signer?.writes ?? (placed?.in === "header" ? [placed.name] : [])
    this.sign = signer && ((request) => signer.sign(request, tokens))
    this.learn = signer?.learn
    this.#authorization =
      placed?.in === "header" && placed.name === "authorization" ? Redacted.value(placed.value) : undefined
  }

  /** The value of the `Authorization` header, in the clear, or `undefined` when the credential needs more. */
  authorizationUnsafe(): string | undefined {
    return this.#authorization
  }

  /** Whether a request's own headers already say what this credential would. */
  isTaken(request: Request): boolean {
    return this.writes.some((name) => request.headers.has(name))
  }
}
