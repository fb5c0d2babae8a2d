/**
 * The session: signs in, renews, replays, and signs out when the last holder leaves. Modules are namespaces, as in
 * Effect: `Session.make`, `SessionStore.memory`, `Policy.make`.
 *
 * Most programs want `connect` from `@keyturn/client` instead.
 */
export * as AuthFetch from "./AuthFetch.ts"
export * as Credential from "./Credential.ts"
export * as Credentials from "./Credentials.ts"
export * as Decision from "./Decision.ts"
export * as DescribedGrant from "./DescribedGrant.ts"
export * as Description from "./Description.ts"
export * as Discovery from "./Discovery.ts"
export * as Dpop from "./Dpop.ts"
export * as Encryption from "./Encryption.ts"
export * as Grant from "./Grant.ts"
export * as Lifetime from "./Lifetime.ts"
export * as OAuthClient from "./OAuthClient.ts"
export * as Placement from "./Placement.ts"
export * as Policy from "./Policy.ts"
export * as Requirement from "./Requirement.ts"
export * as Retry from "./Retry.ts"
export * as Scopes from "./Scopes.ts"
export * as Session from "./Session.ts"
export * as SessionError from "./SessionError.ts"
export type { SessionEvent } from "./SessionEvent.ts"
export * as SessionRecord from "./SessionRecord.ts"
export * as SessionStore from "./SessionStore.ts"
export * as TextStore from "./TextStore.ts"
export * as TokenAnswer from "./TokenAnswer.ts"
export type { TokenSet } from "./TokenSet.ts"
export * as Transport from "./Transport.ts"
export * as WwwAuthenticate from "./WwwAuthenticate.ts"
