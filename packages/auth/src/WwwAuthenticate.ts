/**
 * `WWW-Authenticate` (RFC 9110 §11.6.1): several challenges, each a scheme with parameters or one token68.
 */

/** One challenge. Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
  readonly token68?: string
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/y

/** Parses a header; what cannot be understood is left out, so that a malformed header reads as having no challenge. */
export const parse = (header: string): ReadonlyArray<Challenge> => {
  const challenges: Array<{ scheme: string; parameters: Record<string, string>; token68?: string }> = []
  let at = 0
  const eat = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(header)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  for (;;) {
    eat(/[\s,]*/y)
    const name = eat(TOKEN)?.[0]
    if (name === undefined) break
    const current = challenges.at(-1)
    if (current !== undefined && eat(/\s*=\s*/y)) {
      const quoted = eat(QUOTED)?.[1]?.replace(/\\(.)/g, "$1")
      const value = quoted ?? eat(TOKEN)?.[0]
      if (value === undefined) break
      current.parameters[name.toLowerCase()] ??= value
      continue
    }
    const challenge: (typeof challenges)[number] = { scheme: name.toLowerCase(), parameters: {} }
    challenges.push(challenge)
    if (eat(/ +/y)) {
      const token68 = eat(TOKEN68)?.[0]
      if (token68 !== undefined) challenge.token68 = token68
    }
  }
  return challenges
}

/**
 * Whether a 401 says that a new token would help. RFC 6750 §3.1: `invalid_token` does; no error at all means that the
 * server saw no credential it knows; any other error is about the request or the scope.
 */
export const asksForNewToken = (header: string | null): boolean => {
  if (header === null) return true
  const errors = parse(header).flatMap(({ parameters }) => (parameters.error === undefined ? [] : [parameters.error]))
  return errors.length === 0 || errors.includes("invalid_token")
}
