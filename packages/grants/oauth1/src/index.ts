/**
 * Signing in to APIs of OAuth 1.0a, as a grant for `connect`. The callback to a program on the person's own machine is
 * `@keyturn/grant-oauth1/loopback`.
 */
export { type Answer, type Callback, type Listening, outOfBand, type Visit } from "./Callback.ts"
export type { Begun, Endpoints, Pending } from "./Dance.ts"
export {
  type BeginOptions,
  type Consumer,
  type MadeToken,
  type OAuth1,
  oauth1,
  type PersonOptions
} from "./OAuth1.ts"
export type { SignatureMethod } from "./Signature.ts"
