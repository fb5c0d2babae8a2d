/**
 * One generation of a session, ready to be put into requests. What it holds is private: inspecting, logging or
 * serialising it shows the generation only.
 */
import type { SecurityScheme } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import { type Placed, place } from "./Placement.ts"
import type { TokenSet } from "./TokenSet.ts"

/** A credential to send. */
export class Credential {
  readonly generation: number
  /** Where it goes; absent for a scheme that adds nothing to a request. */
  readonly placed: Placed | undefined
  readonly #authorization: string | undefined

  constructor(scheme: SecurityScheme, generation: number, tokens: TokenSet) {
    this.generation = generation
    this.placed = place(scheme, tokens.accessToken)
    const { placed } = this
    this.#authorization =
      placed?.in === "header" && placed.name === "authorization" ? Redacted.value(placed.value) : undefined
  }

  /** The value of the `Authorization` header, in the clear, or `undefined` when the credential goes elsewhere. */
  authorizationUnsafe(): string | undefined {
    return this.#authorization
  }
}
