/** Who a request is from: the order in which Allura looks, which decides what a wrong credential looks like. */
import type { Clock } from "../clock.ts"
import { HttpError } from "./errors.ts"
import type { AlluraSwitches } from "./options.ts"
import { isSignedWith, type Parameters, readSigned } from "./signature.ts"
import type { Tokens } from "./tokens.ts"

/** Whether the site takes this request to have come by https. */
const isSecure = (request: Request): boolean =>
  request.url.startsWith("https:") ||
  request.headers.get("x-forwarded-ssl") === "on" ||
  request.headers.get("x-forwarded-proto") === "https"

const inUrl = "Do not use tokens in URL, instead use header Authorization: Bearer $TOKEN"

/**
 * The user of a request, `undefined` for nobody. A credential that is there and wrong is refused even where nobody is
 * needed. `form` holds the fields of a form body.
 */
export const authenticate = (
  request: Request,
  form: Parameters,
  { clock, tokens, switches }: { readonly clock: Clock; readonly tokens: Tokens; readonly switches: AlluraSwitches }
): string | undefined => {
  const header = request.headers.get("authorization")
  const parameters = new Map([...form, ...new URL(request.url).searchParams])
  const inParameter = parameters.get("access_token")
  if (header === null && inParameter === undefined && !parameters.has("oauth_token")) return undefined

  // The prefix in this letter case only; the header wins over the parameter.
  const inHeader = header?.startsWith("Bearer ") ? header.slice("Bearer ".length) : undefined
  const bearer = inHeader ?? inParameter
  if (bearer !== undefined) {
    if (switches.requireHttps && !isSecure(request)) throw new HttpError(401, "HTTPS is required to use bearer tokens")
    const username = tokens.bearers.get(bearer)
    if (username !== undefined) return username
  } else {
    const signed = readSigned(request, form)
    const token = tokens.oauth1.get(signed?.oauth.oauth_token ?? "")
    if (
      signed !== undefined &&
      token !== undefined &&
      token.consumer.key === signed.oauth.oauth_consumer_key &&
      isSignedWith(signed, token.consumer.secret, token.secret, clock.now())
    ) {
      return token.username
    }
  }
  // What is no token of the old kinds may be one of OAuth 2, which is taken in the header alone.
  if (switches.oauth2 && inHeader === undefined && inParameter !== undefined) throw new HttpError(401, inUrl)
  const row = switches.oauth2 && inHeader !== undefined ? tokens.byAccess(inHeader) : undefined
  if (row === undefined) throw new HttpError(401, "The credential is not valid.")
  return row.username
}
