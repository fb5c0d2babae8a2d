/** Signing in from a device without a browser: the OAuth 2 device authorization grant (RFC 8628), as a grant for `connect`. */
export { type DeviceCodeOptions, deviceCode, type UserCode } from "./DeviceCode.ts"
