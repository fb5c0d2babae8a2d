/** What an authorization server's answer holds, whatever it is: tokens, an error, or a page of something in between. */

/** The largest answer that is read. Token answers take a few kilobytes. */
export const MAXIMUM = 1024 * 1024

/** The body as text; `undefined` when it is larger than anybody reads. */
export const readText = async (response: Response): Promise<string | undefined> => {
  if (response.body === null) return ""
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ""
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > MAXIMUM) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}

export const mediaType = (headers: Headers): string =>
  (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? ""

/** The body as a value; `unreadable` when it is neither JSON nor a form. */
export const parse = (text: string, type: string): { readonly value: unknown } | "unreadable" => {
  if (text.trim() === "") return { value: undefined }
  if (type === "application/x-www-form-urlencoded") return { value: Object.fromEntries(new URLSearchParams(text)) }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return "unreadable"
  }
}

const errorCode = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,64}$/

/** What a refusal says of itself: RFC 6749 §5.2 fields, or the first text of whatever error shape the API has. */
export const refusal = (body: unknown): { readonly code: string | undefined; readonly text: string } => {
  if (typeof body !== "object" || body === null) return { code: undefined, text: "" }
  const { error, error_description, errors, message, title } = body as Record<string, unknown>
  const first = Array.isArray(errors) ? (errors[0] as Record<string, unknown> | undefined)?.description : undefined
  const text = [error_description, first, message, title].find((value) => typeof value === "string" && value !== "")
  return {
    code: typeof error === "string" && errorCode.test(error) ? error : undefined,
    text: typeof text === "string" ? text : ""
  }
}
