/**
 * The answer of a sign-in or a refresh, read as the contract says it is written: whatever an API calls its fields, what
 * comes out is a `TokenSet`.
 */
import { parseExpression, resolvePointer, type TokenResponseMap } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { GrantAnswerInvalid } from "./Grant.ts"
import { parseInstant, parseSeconds, skew } from "./internal/time.ts"
import type { TokenSet } from "./TokenSet.ts"
import type { TransportAnswer } from "./Transport.ts"

const valueAt = (text: string | undefined, answer: TransportAnswer): unknown => {
  const expression = text === undefined ? undefined : parseExpression(text)
  switch (expression?.source) {
    case "response-body":
      return resolvePointer(answer.body, expression.pointer)
    case "response-header":
      return answer.headers.get(expression.name) ?? undefined
    default:
      return undefined
  }
}

/** What may stand in a header: visible ASCII, as RFC 6750 §2.1 and every API key asks. */
const sendable = /^[\x21-\x7e]+$/

/** The token types that can be used: of a bearer, and of a token that is bound to a key (RFC 9449 §5). */
export type TokenType = "Bearer" | "DPoP"

/**
 * The tokens in an answer. An expiry that cannot be read fails a sign-in, where nothing is lost by it; after a refresh the
 * old tokens are gone, so the new ones are kept with an unknown life. A token of another type than `tokenType` is refused:
 * RFC 6749 §7.1 forbids using what is not understood, and a bearer in place of a bound token is a downgrade.
 */
export const read = (
  answer: TransportAnswer,
  map: TokenResponseMap,
  operation: "signIn" | "refresh",
  tokenType: TokenType = "Bearer"
): Effect.Effect<TokenSet, GrantAnswerInvalid> => {
  const invalid = (message: string) => Effect.fail(new GrantAnswerInvalid({ status: answer.status, message }))
  const accessToken = valueAt(map.accessToken, answer)
  if (typeof accessToken !== "string" || !sendable.test(accessToken)) {
    return invalid(
      `The answer has ${accessToken === undefined ? "no access token" : "an access token that cannot be sent"} at ${map.accessToken}. Check that the contract's x-session names the right field.`
    )
  }
  const type = valueAt(map.tokenType, answer) ?? "Bearer"
  if (typeof type !== "string" || type.toLowerCase() !== tokenType.toLowerCase()) {
    return invalid(
      `The answer's token type is not ${tokenType}: a token of a type that was not asked for is not used (RFC 6749 §7.1). Check what the server issues to this client.`
    )
  }
  const refreshToken = valueAt(map.refreshToken, answer)
  const scope = valueAt(map.scope, answer)
  const issuedAt = answer.receivedAt
  const at = valueAt(map.expiresAt, answer)
  const seconds = parseSeconds(valueAt(map.expiresIn, answer))
  let expiresAt = seconds === undefined ? undefined : answer.sentAt + seconds * 1000
  if (at !== undefined && at !== null) {
    const instant = typeof at === "string" ? parseInstant(at) : undefined
    if (instant === undefined && operation === "signIn") {
      return invalid(
        `The expiry at ${map.expiresAt} is not an RFC 3339 instant such as 2026-01-31T12:00:00Z. Check the contract's x-session, or leave expiresAt out of it.`
      )
    }
    // A token that seems dead on arrival says that the clocks disagree by more than can be corrected.
    const corrected =
      instant === undefined ? undefined : instant - skew(answer.headers.get("date"), answer.sentAt, issuedAt)
    if (corrected !== undefined && corrected > issuedAt) expiresAt = corrected
  }
  return Effect.succeed({
    accessToken: Redacted.make(accessToken, { label: "accessToken" }),
    ...(typeof refreshToken === "string" &&
      refreshToken !== "" && {
        refreshToken: Redacted.make(refreshToken, { label: "refreshToken" }),
        refreshIssuedAt: issuedAt
      }),
    tokenType: type,
    ...(typeof scope === "string" && { scope: scope.split(" ").filter((part) => part !== "") }),
    issuedAt,
    ...(expiresAt !== undefined && { expiresAt })
  })
}
