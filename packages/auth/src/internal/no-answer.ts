/** Why a request got no answer, by the codes of the system. */

/** System errors that happen before the first byte of a request is sent. */
const unsent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_HAS_EXPIRED"
])

/** The system's code for a failed fetch, however deep; a connection tried at several addresses has one an address. */
export const codesOf = (cause: unknown, depth = 0): ReadonlyArray<string> => {
  if (typeof cause !== "object" || cause === null || depth > 5) return []
  const { code, cause: inner, errors } = cause as { code?: unknown; cause?: unknown; errors?: unknown }
  if (Array.isArray(errors) && errors.length > 0) return errors.flatMap((error) => codesOf(error, depth + 1))
  return typeof code === "string" ? [code] : codesOf(inner, depth + 1)
}

export const advice = (code: string | undefined): string => {
  switch (code) {
    case "ECONNREFUSED":
      return "Nothing listens there: check the base URL and the port."
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "The host name does not resolve: check the base URL and the network."
    default:
      return "Check the base URL and the network."
  }
}

/** Whether the request surely never left this machine. */
export const isUnsent = (codes: ReadonlyArray<string>): boolean =>
  codes.length > 0 && codes.every((code) => unsent.has(code))
