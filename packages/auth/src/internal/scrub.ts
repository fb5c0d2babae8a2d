import * as Redacted from "effect/Redacted"

const forms = (secret: string): ReadonlyArray<string> => [
  secret,
  encodeURIComponent(secret),
  new URLSearchParams({ s: secret }).toString().slice(2),
  JSON.stringify(secret).slice(1, -1)
]

/**
 * A server's or library's text made fit for an error message: every given secret, in any of the forms it travels in, is
 * taken out, control characters too, and the rest is cut to `length` characters.
 */
export const scrub = (text: string, secrets: Iterable<Redacted.Redacted<string>>, length = 200): string => {
  let clean = text
  for (const secret of secrets) {
    const value = Redacted.value(secret)
    if (value === "") continue
    for (const form of forms(value)) clean = clean.replaceAll(form, "<redacted>")
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  clean = clean.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim()
  return clean.length > length ? `${clean.slice(0, length - 1)}…` : clean
}
