import { GrantAnswerInvalid } from "@keyturn/auth/Grant"
import type { GrantPlugin } from "@keyturn/client"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** Exchanges a long-lived API key for a token, at `POST /session`. */
export const apiKey =
  (account: string, key: Redacted.Redacted<string>): GrantPlugin =>
  () => ({
    name: "api_key",
    signIn: "headless", // nobody has to be there
    identity: account, // part of the store's key: names the account, proves nothing
    secret: key, // whoever adopts the session has to know it
    obtain: (context) =>
      Effect.gen(function* () {
        const answer = yield* context.transport({
          method: "POST",
          url: `${context.baseUrl}/session`,
          headers: { accept: "application/json", "x-api-key": Redacted.value(key) },
          secrets: [key], // taken out of whatever is said about the call
          deadline: context.deadline.signIn
        })
        const { seconds, token } = (answer.body ?? {}) as { seconds?: number; token?: string }
        if (token === undefined) {
          return yield* new GrantAnswerInvalid({ status: answer.status, message: "The answer has no token." })
        }
        return {
          accessToken: Redacted.make(token),
          tokenType: "Bearer",
          issuedAt: answer.receivedAt,
          ...(seconds === undefined ? {} : { expiresAt: answer.sentAt + seconds * 1000 })
        }
      })
  })
