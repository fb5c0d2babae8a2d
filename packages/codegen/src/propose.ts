/**
 * For a document that says nothing of sessions: an overlay that would, guessed from names and schemas.
 */

import { type Operation, operationKey } from "./operations.ts"
import { type Body, fieldsOf, requestOf, responsesOf } from "./schemas.ts"
import type { DeclaredScheme } from "./security-schemes.ts"
import { byText, isObject, type JsonObject } from "./tree.ts"

/** An overlay to look over, and why it says what it says. */
export interface Proposal {
  /** The overlay, as YAML. */
  readonly overlay: string
  /** One sentence a guess. */
  readonly reasons: ReadonlyArray<string>
}

type Role = "signIn" | "refresh" | "signOut"

interface Guess {
  readonly operation: Operation
  readonly why: string
  readonly score: number
}

const names: Readonly<Record<Role, RegExp>> = {
  signIn:
    /sign[-_]?in|log[-_]?in|authenticate|auth[-_]?token|access[-_]?token|(?:^|\/|create[-_]?)(?:session|token)s?(?:$|\/)/i,
  refresh: /refresh|renew/i,
  signOut: /sign[-_]?out|log[-_]?out|log[-_]?off|revoke|(?:delete|end|destroy)[-_]?session/i
}

const fields = {
  login: /^(?:user[-_]?name|user[-_]?id|login|e[-_]?mail|user|identifier|account|client[-_]?id|api[-_]?key)$/i,
  password: /^(?:password|passwd|pass[-_]?phrase|pwd|client[-_]?secret|secret|pin)$/i,
  accessToken: /^(?:access[-_]?token|id[-_]?token|auth[-_]?token|jwt|token|session[-_]?token)$/i,
  refreshToken: /^refresh[-_]?token$/i,
  expiresIn: /^expires?[-_]?in(?:[-_]?seconds)?$/i,
  expiresAt: /^(?:expires?(?:[-_]?at|[-_]?on)?|expiry|expiration|valid[-_]?until)$/i
}

/** Guesses how the API signs in, refreshes and signs out; `undefined` when nothing looks like a sign-in. */
export const proposeOverlay = (
  root: JsonObject,
  operations: ReadonlyArray<Operation>,
  schemes: ReadonlyMap<string, DeclaredScheme>
): Proposal | undefined => {
  const signIn = best(operations, (operation) => judgeSignIn(root, operation))
  if (signIn === undefined) return undefined
  const refresh = best(operations, (operation) =>
    operation === signIn.operation ? undefined : judgeRefresh(root, operation)
  )
  const signOut = best(operations, (operation) => judgeSignOut(operation, signIn.operation))
  const reasons: Array<string> = []
  const session: Array<string> = []
  const exempt: Array<Operation> = []
  const ids: Array<readonly [Operation, string]> = []
  const described = (role: Role, guess: Guess | undefined): ReadonlyArray<string> => {
    if (guess === undefined) {
      reasons.push(`${role}: no operation looks like it.`)
      return []
    }
    const { operation, why } = guess
    reasons.push(`${role}: ${operationKey(operation)}, because ${why}.`)
    const open = Array.isArray(operation.node.security) && operation.node.security.length === 0
    if (role !== "signOut" && !open) exempt.push(operation)
    const id = operation.id ?? role
    if (operation.id === undefined) ids.push([operation, id])
    return [`${role}:`, `  operationId: ${scalar(id)}`]
  }
  session.push(...described("signIn", signIn), `  grant: password`, ...requestLines(root, signIn.operation, "signIn"))
  const refreshLines = described("refresh", refresh)
  if (refresh !== undefined) {
    session.push(
      ...refreshLines,
      ...requestLines(root, refresh.operation, "refresh"),
      "  reuse: never # the safe assumption"
    )
  }
  const signOutLines = described("signOut", signOut)
  if (signOut !== undefined) session.push(...signOutLines, ...requestLines(root, signOut.operation, "signOut"))
  session.push("response:", ...answerLines(root, signIn.operation))
  const scheme = schemeFor(schemes)
  reasons.push(
    scheme === undefined
      ? "scheme: the document declares none, so the overlay adds a bearer token and requires it everywhere."
      : `scheme: "${scheme}", the one that carries a token.`
  )
  return { overlay: overlayText(root, scheme, session, exempt, ids), reasons }
}

const best = (
  operations: ReadonlyArray<Operation>,
  judge: (operation: Operation) => Guess | undefined
): Guess | undefined =>
  operations
    .flatMap((operation) => judge(operation) ?? [])
    .sort((a, b) => b.score - a.score || byText(operationKey(a.operation), operationKey(b.operation)))[0]

const nameMatch = (operation: Operation, role: Role): string | undefined => {
  for (const text of [operation.id, operation.path]) {
    if (text !== undefined && names[role].test(text)) return text
  }
  return undefined
}

const fieldNames = (root: JsonObject, body: Body | undefined): ReadonlyArray<string> =>
  body === undefined ? [] : [...fieldsOf(root, body.schema).fields.keys()]

const answerNames = (root: JsonObject, operation: Operation): ReadonlyArray<string> =>
  responsesOf(root, operation).flatMap((body) => fieldNames(root, body))

const judgeSignIn = (root: JsonObject, operation: Operation): Guess | undefined => {
  if (operation.method !== "POST") return undefined
  const asked = fieldNames(root, requestOf(root, operation))
  const password = asked.find((name) => fields.password.test(name))
  const token = answerNames(root, operation).find((name) => fields.accessToken.test(name))
  const named = nameMatch(operation, "signIn")
  const score = (password === undefined ? 0 : 3) + (token === undefined ? 0 : 3) + (named === undefined ? 0 : 2)
  if (score < 5) return undefined
  const why = [
    ...(named === undefined ? [] : [`it is called ${named}`]),
    ...(password === undefined ? [] : [`it takes "${password}"`]),
    ...(token === undefined ? [] : [`it answers "${token}"`])
  ].join(", ")
  return { operation, why, score }
}

const judgeRefresh = (root: JsonObject, operation: Operation): Guess | undefined => {
  if (operation.method !== "POST" && operation.method !== "PUT") return undefined
  const token = fieldNames(root, requestOf(root, operation)).find((name) => fields.refreshToken.test(name))
  const named = nameMatch(operation, "refresh")
  if (token === undefined) return undefined
  const why = `it takes "${token}"${named === undefined ? "" : ` and is called ${named}`}`
  return { operation, why, score: named === undefined ? 3 : 5 }
}

const judgeSignOut = (operation: Operation, signIn: Operation): Guess | undefined => {
  const named = nameMatch(operation, "signOut")
  if (named !== undefined && ["POST", "DELETE", "GET", "PUT"].includes(operation.method)) {
    return { operation, why: `it is called ${named}`, score: operation.method === "POST" ? 4 : 3 }
  }
  if (operation.method === "DELETE" && operation.path === signIn.path) {
    return { operation, why: "it deletes what the sign-in creates", score: 2 }
  }
  return undefined
}

const requestLines = (root: JsonObject, operation: Operation, role: Role): ReadonlyArray<string> => {
  const body = requestOf(root, operation)
  if (body === undefined) return []
  const lines: Array<string> = []
  for (const [name, { schema, required }] of fieldsOf(root, body.schema).fields) {
    const value = valueFor(name, schema, role, required)
    if (value !== undefined) lines.push(`    ${scalar(name)}: ${value}`)
  }
  return lines.length === 0 ? [] : ["  request:", ...lines]
}

const valueFor = (name: string, schema: JsonObject, role: Role, required: boolean): string | undefined => {
  if (fields.refreshToken.test(name)) return "$session.refreshToken"
  if (role !== "signIn" && fields.accessToken.test(name)) return "$session.accessToken"
  if (/^grant[-_]?type$/i.test(name)) return role === "refresh" ? "refresh_token" : constantOf(schema, "password")
  if (role === "signIn" && fields.password.test(name)) return "$credentials.password"
  if (role === "signIn" && fields.login.test(name)) return "$credentials.login"
  if (!required) return undefined
  return schema.const !== undefined || Array.isArray(schema.enum)
    ? constantOf(schema, "")
    : `$credentials.${name.replace(/[^A-Za-z0-9_]/g, "_")}`
}

const constantOf = (schema: JsonObject, otherwise: string): string => {
  const allowed = schema.const === undefined ? schema.enum : [schema.const]
  if (!Array.isArray(allowed) || allowed.includes(otherwise)) return otherwise
  return scalar(String(allowed[0]))
}

const answerLines = (root: JsonObject, operation: Operation): ReadonlyArray<string> => {
  const known = answerNames(root, operation)
  const lines = (["accessToken", "refreshToken", "expiresIn", "expiresAt"] as const).flatMap((key) => {
    const name = known.find((candidate) => fields[key].test(candidate))
    const pointer = name?.replaceAll("~", "~0").replaceAll("/", "~1")
    return pointer === undefined ? [] : [`  ${key}: $response.body#/${pointer}`]
  })
  if (lines.some((line) => line.startsWith("  accessToken"))) return lines
  return ["  accessToken: $response.body#/access_token # not found in the document: correct it", ...lines]
}

const schemeFor = (schemes: ReadonlyMap<string, DeclaredScheme>): string | undefined => {
  const all = [...schemes]
  const bearer = all.find(([, { scheme }]) => scheme.type === "http" && scheme.scheme === "bearer")
  const key = all.find(([, { scheme }]) => scheme.type === "apiKey")
  return (bearer ?? key)?.[0]
}

const overlayText = (
  root: JsonObject,
  scheme: string | undefined,
  session: ReadonlyArray<string>,
  exempt: ReadonlyArray<Operation>,
  ids: ReadonlyArray<readonly [Operation, string]>
): string => {
  const title = isObject(root.info) && typeof root.info.title === "string" ? root.info.title : "the API"
  const lines = [
    "overlay: 1.1.0",
    `info: { title: ${scalar(`How ${title} signs in`)}, version: 1.0.0 }`,
    "# Guessed by `keyturn init`: check each line against the API's own documentation.",
    "actions:"
  ]
  const indent = (by: number, text: ReadonlyArray<string>) => text.map((line) => " ".repeat(by) + line)
  if (scheme === undefined) {
    lines.push(
      "  - target: $",
      "    update:",
      "      components:",
      "        securitySchemes:",
      "          session:",
      "            type: http",
      "            scheme: bearer",
      "            x-session:",
      ...indent(14, session),
      "      security: [{ session: [] }]"
    )
  } else {
    lines.push(
      `  - target: ${scalar(`$.components.securitySchemes[${quoted(scheme)}]`)}`,
      "    update:",
      "      x-session:",
      ...indent(8, session)
    )
  }
  for (const [operation, id] of ids) {
    lines.push(`  - target: ${scalar(targetOf(operation))}`, `    update: { operationId: ${scalar(id)} }`)
  }
  for (const operation of exempt) {
    if (Array.isArray(operation.node.security))
      lines.push(`  - target: ${scalar(`${targetOf(operation)}.security`)}`, "    remove: true")
    lines.push(`  - target: ${scalar(targetOf(operation))}`, "    update: { security: [] }")
  }
  return `${lines.join("\n")}\n`
}

const targetOf = ({ path, method }: Operation): string => `$.paths[${quoted(path)}].${method.toLowerCase()}`

const quoted = (name: string): string => `'${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`

/** A plain YAML scalar where that is safe, else a double-quoted one. */
const scalar = (text: string): string => (/^[A-Za-z_$][\w$./-]*$/.test(text) ? text : JSON.stringify(text))
