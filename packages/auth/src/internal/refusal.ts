/** What a session's errors say: what happened, and what to do. */
import type { GrantFailure } from "../Grant.ts"
import { AuthUnavailable, type SessionError, SessionLost, SignInRejected, TokenAnswerInvalid } from "../SessionError.ts"

/** No way on without a person. */
export const lost = (why: SessionLost["why"]): SessionLost => {
  const message: Record<SessionLost["why"], string> = {
    "refresh-token-spent":
      "A refresh was sent twice and never answered, and its token can be used only once. A person has to sign in again.",
    "refresh-rejected":
      "The server refused the refresh token: it has expired, was revoked, or an earlier refresh has used it up. Use the newest one, or have a person sign in again.",
    "interaction-required": "The session has ended and only a person can sign in. Sign in again.",
    "not-renewable":
      "The token was refused and there is no way to get another one here. Make a new token and give that.",
    "signed-out": "Somebody signed this session out everywhere. Connect again to sign in."
  }
  return new SessionLost({ why, message: message[why] })
}

const misunderstood =
  "The request may not have been understood: check that the contract's x-session sends the media type and the fields that the API expects, usually as application/x-www-form-urlencoded."
const refusedCredentials =
  "Check the login and the password (or client id and secret), that the account is active and may use the API, and that this URL is where the API signs in."

const signInRejected = (error: Extract<GrantFailure, { _tag: "GrantRejected" }>): SignInRejected => {
  const { code, status } = error
  const cure =
    error.cure ??
    (status === 404 || status === 405
      ? "There is no sign-in at this URL: check the base URL against the contract's server."
      : status < 400
        ? ""
        : status === 415 || code === "invalid_request"
          ? misunderstood
          : status === 400 && code === undefined
            ? `${misunderstood} ${refusedCredentials}`
            : refusedCredentials)
  return new SignInRejected({
    status,
    code,
    message: `Sign-in was refused. ${error.message}${cure === "" ? "" : ` ${cure}`}`
  })
}

/** What a grant's failure means to whoever wanted a session. */
export const toSessionError = (error: GrantFailure, operation: "refresh" | "signIn"): SessionError => {
  switch (error._tag) {
    case "GrantRejected":
      return operation === "signIn" ? signInRejected(error) : lost("refresh-rejected")
    case "GrantAnswerInvalid":
      return new TokenAnswerInvalid({ operation, status: error.status, message: error.message })
    case "GrantUnavailable":
      return new AuthUnavailable({
        operation,
        status: error.status,
        retryAfter: error.retryAfter,
        message: error.message,
        ...(error.cause === undefined ? {} : { cause: error.cause })
      })
  }
}
