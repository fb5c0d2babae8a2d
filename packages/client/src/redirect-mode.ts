import type { Opened } from "./open.ts"

/** A browser follows redirects by itself and keeps `Authorization` at home; elsewhere that is done here, for every placement. */
const followsRedirects =
  typeof document !== "undefined" ||
  typeof (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope !== "undefined"

/** How requests are made: `manual` where redirects are followed here, else what keeps the credentials at home. */
export const redirectMode = (opened: Opened): RequestRedirect => {
  if (!followsRedirects) return "manual"
  const safe = Object.values(opened.sessions).every(({ scheme }) => scheme.type !== "apiKey" || scheme.in === "cookie")
  return safe ? "follow" : "error"
}
