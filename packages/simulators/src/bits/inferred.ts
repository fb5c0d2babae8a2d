/** What the vendor of Bits does not state. This is the one place where it is declared; every reading of it is tested. */
import type { Readings, SwitchesOf } from "../switches.ts"

/** The readings of each behaviour; the first is the default. */
export const inferred = {
  /** How the kind of the token is named in the token answer: `type`, as the vendor shows, or RFC 6749's name, too or instead. */
  tokenTypeField: ["type", "token_type", "both"],
  /** How the two parts of Basic are encoded before they are joined: not at all, or as RFC 6749 §2.3.1 asks. */
  basicEncoding: ["plain", "form"],
  /** Status of a token answer. */
  tokenStatus: [200, 201],
  /** Status for a wrong client id or secret. */
  clientFailureStatus: [401, 400],
  /** Status for a token request that is no form. */
  encodingFailureStatus: [400, 415],
  /** The body of a refused token request: RFC 6749's `{error, error_description}`, or `{message}`. */
  authErrorBody: ["oauth", "message"],
  /** The body of any other error: `{message}`, or RFC 6749's. */
  apiErrorBody: ["message", "oauth"],
  /** Whether `scope` is looked at in a token request; when not, every token has the scope `application`. */
  scopeByRequest: [true, false],
  /** Whether a new token ends the client's tokens before it. */
  oneTokenPerClient: [false, true],
  /** Whether userinfo is for session tokens, too (else 403). */
  userinfoForSessions: [true, false],
  /** Whether userinfo is found under `/v1` as well. */
  userinfoUnderV1: [false, true],
  /** Whether operations on applications are found without `/v1` as well, as some of the vendor's examples have them. */
  unversionedPaths: [false, true],
  /** What the country of a new application is called: the vendor's page had another name before. */
  countryField: ["countryCode", "market"],
  /** Status for an application that is not there. */
  missingApplicationStatus: [400, 403, 404],
  /** What an application is once its applicant has finished the hosted page. */
  finishedStatus: ["IN_PROGRESS", "MANUAL_REVIEW", "APPROVED"],
  /** Under which name the hosted page gives the application's id to the redirect URL. */
  redirectParameter: ["applicationId", "application_id"],
  /** Whether the announced choice of a version by media type is live, with 415 for one that is not there. */
  mediaTypeVersions: [false, true],
  /** Whether a 401 of the API carries `WWW-Authenticate`. */
  wwwAuthenticate: [true, false],
  /** The hash of a webhook's `Content-HMAC`. */
  webhookHash: ["sha256", "sha512", "sha1"],
  /** How often an event is posted again that was not received with a 2xx. */
  webhookRetries: [0, 2]
} as const satisfies Readings

/** The behaviours that the vendor does not state, one reading of each. */
export type BitsSwitches = SwitchesOf<typeof inferred>
