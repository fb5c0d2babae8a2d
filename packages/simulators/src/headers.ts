/** What requests say in their headers, read as the standards have it. */

/** The token of `Authorization: Bearer …`; the scheme in any letter case (RFC 9110 §11.1). */
export const bearerOf = (authorization: string | null | undefined): string | undefined =>
  /^bearer +([^ ]+) *$/i.exec(authorization ?? "")?.[1]

/** The two parts of `Authorization: Basic …` (RFC 7617), split at the first colon, otherwise as they came. */
export const basicOf = (authorization: string | null | undefined): { id: string; secret: string } | undefined => {
  const encoded = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization ?? "")?.[1]
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? "", "base64").toString("utf8")) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** Whether a body of this `Content-Type` is a form. */
export const isForm = (contentType: string | null | undefined): boolean =>
  /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? "")

/** Whether a body of this `Content-Type` is JSON. */
export const isJson = (contentType: string | null | undefined): boolean =>
  /^(application|text)\/([\w.*-]+\+)?json\s*(;|$)/i.test(contentType ?? "")
