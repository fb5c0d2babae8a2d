/**
 * One generation of a session, ready to be put into requests. What it holds is private: inspecting, logging or
 * serialising it shows the generation only.
 */
import type { SecurityScheme } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import type { Dpop } from "./Dpop.ts"
import { type Placed, place } from "./Placement.ts"
import type { TokenSet } from "./TokenSet.ts"

/** A credential to send. */
export class Credential {
  readonly generation: number
  /** Where it goes; absent for a scheme that adds nothing to a request. */
  readonly placed: Placed | undefined
  readonly #authorization: string | undefined

  /** Proves, for one request, that the sender has the key that the token is bound to; absent for a plain bearer. */
  readonly proof: ((method: string, url: string) => Promise<string>) | undefined
  /** The key's own view of an answer, see `Dpop.learn`. */
  readonly learn: Dpop["learn"] | undefined

  constructor(scheme: SecurityScheme, generation: number, tokens: TokenSet, dpop?: Dpop) {
    this.generation = generation
    this.placed = place(scheme, tokens.accessToken, dpop && "DPoP")
    this.proof = dpop && ((method, url) => dpop.proof(method, url, tokens.accessToken))
    this.learn = dpop?.learn
    const { placed } = this
    this.#authorization =
      dpop === undefined && placed?.in === "header" && placed.name === "authorization"
        ? Redacted.value(placed.value)
        : undefined
  }

  /** The value of the `Authorization` header, in the clear, or `undefined` when the credential needs more. */
  authorizationUnsafe(): string | undefined {
    return this.#authorization
  }
}
