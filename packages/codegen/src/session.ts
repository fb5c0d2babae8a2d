/**
 * `x-session`, resolved: operation ids become methods and paths, and every field and expression is looked up in the
 * schemas of the operation it belongs to.
 */
import {
  type ClientAuthentication,
  isExpression,
  parseExpression,
  type Security,
  type SessionDescription,
  type SessionOperation,
  type TokenResponseMap
} from "@keyturn/contract"
import { didYouMean } from "./diagnostic.ts"
import { type Operation, operationKey } from "./operations.ts"
import type { Report } from "./problem.ts"
import { fieldsOf, requestOf, valuesOf } from "./schemas.ts"
import type { DeclaredScheme } from "./security-schemes.ts"
import { checkResponse } from "./session-response.ts"
import { checkSessionSchema } from "./session-schema.ts"
import type { Pointer } from "./source.ts"
import { byText, isObject, type JsonObject } from "./tree.ts"

/** A name after `$credentials.` with what the request says of the field it fills. */
export interface CredentialField {
  readonly name: string
  readonly type: "string" | "number" | "boolean"
  readonly optional: boolean
}

/** A scheme's session, and the credentials that its sign-in asks for. */
export interface ReadSession {
  readonly description: SessionDescription
  readonly credentials: ReadonlyArray<CredentialField>
}

type Role = "signIn" | "refresh" | "signOut"

/** What a part of a session's description is checked against. */
interface Context {
  readonly root: JsonObject
  readonly operations: ReadonlyArray<Operation>
  readonly security: Security
  readonly scheme: string
  readonly report: Report
}

/** Reads the `x-session` of a scheme, when it has one that holds; everything wrong with it is reported. */
export const readSession = (declared: DeclaredScheme, context: Context): ReadSession | undefined => {
  const value = declared.node["x-session"]
  if (value === undefined) return undefined
  const pointer = [...declared.pointer, "x-session"]
  if (!checkSessionSchema(value, pointer, context.report)) return undefined
  const session = value as JsonObject
  const shared = session.response as TokenResponseMap | undefined
  const credentials = new Map<string, CredentialField>()
  const read = (role: Role): SessionOperation | undefined => {
    const part = session[role]
    return isObject(part) ? readOperation(role, part, [...pointer, role], context, credentials) : undefined
  }
  const signIn = read("signIn")
  const refresh = read("refresh")
  const signOut = read("signOut")
  for (const role of ["signIn", "refresh"] as const) {
    const part = session[role]
    if (!isObject(part)) continue
    const map = (part.response ?? shared) as TokenResponseMap | undefined
    const at = part.response === undefined ? [...pointer, "response"] : [...pointer, role, "response"]
    if (map === undefined) {
      context.report({
        severity: "error",
        rule: "x-session",
        message: `nothing says where the answer of "${role}" keeps the access token`,
        hint: "add response: { accessToken: $response.body#/access_token }",
        pointer: [...pointer, role],
        onKey: true
      })
    } else {
      const operation = context.operations.find(({ id }) => id === part.operationId)
      if (operation !== undefined) checkResponse(map, at, operation, context.root, context.report)
    }
  }
  const { response, placement, lifetime, limit } = ordered(session) as SessionDescription
  if (placement !== undefined && !(declared.scheme.type === "apiKey" && declared.scheme.in === "query")) {
    context.report({
      severity: "error",
      rule: "x-session",
      message: `"placement: form" is for a scheme of type apiKey in the query, and "${context.scheme}" is not one`,
      hint: "remove it: other credentials travel in a header, which is the better place",
      pointer: [...pointer, "placement"]
    })
  }
  const fields = [...credentials.values()].sort(
    (a, b) => Number(a.optional) - Number(b.optional) || byText(a.name, b.name)
  )
  const optional = fields.filter((field) => field.optional).map(({ name }) => name)
  return {
    description: {
      ...(signIn === undefined
        ? {}
        : {
            signIn: {
              grant: (session.signIn as JsonObject).grant as string,
              ...signIn,
              ...(optional.length === 0 ? {} : { optional })
            }
          }),
      ...(refresh === undefined ? {} : { refresh: { ...refresh, ...reuseOf(session.refresh as JsonObject) } }),
      ...(signOut === undefined ? {} : { signOut }),
      ...(response === undefined ? {} : { response }),
      ...(placement === undefined ? {} : { placement }),
      ...(lifetime === undefined ? {} : { lifetime }),
      ...(limit === undefined ? {} : { limit })
    },
    credentials: fields
  }
}

const order = [
  "accessToken",
  "access",
  "sessions",
  "refreshToken",
  "serviceAccounts",
  "expiresAt",
  "expiresIn",
  "expiry"
]

/** The same with its keys in one order, whatever the document's: the important ones first, the rest by name. */
const ordered = <T>(value: T): T => {
  if (!isObject(value)) return value
  const rank = (key: string) => (order.includes(key) ? order.indexOf(key) : order.length)
  const keys = Object.keys(value).sort((a, b) => rank(a) - rank(b) || byText(a, b))
  return Object.fromEntries(keys.map((key) => [key, ordered(value[key])])) as T
}

const reuseOf = (refresh: JsonObject): Pick<NonNullable<SessionDescription["refresh"]>, "reuse"> =>
  refresh.reuse === undefined
    ? {}
    : { reuse: refresh.reuse as NonNullable<SessionDescription["refresh"]>["reuse"] & {} }

const readOperation = (
  role: Role,
  part: JsonObject,
  pointer: Pointer,
  context: Context,
  credentials: Map<string, CredentialField>
): SessionOperation | undefined => {
  const { operations, report } = context
  const operation = operations.find(({ id }) => id === part.operationId)
  if (operation === undefined) {
    const ids = operations.flatMap(({ id }) => id ?? [])
    report({
      severity: "error",
      rule: "x-session-operation",
      message: `there is no operation "${part.operationId}"`,
      hint: didYouMean(String(part.operationId), ids) ?? "an overlay can add an operation, or an operationId to one",
      pointer: [...pointer, "operationId"]
    })
    return undefined
  }
  if (role !== "signOut") checkReachable(role, operation, pointer, context)
  const request = ordered(part.request ?? {}) as Readonly<Record<string, string | number | boolean>>
  const contentType = checkRequest(role, operation, request, part, pointer, context, credentials)
  return {
    method: operation.method,
    path: operation.path,
    ...(contentType === undefined ? {} : { contentType }),
    ...(part.request === undefined ? {} : { request }),
    ...(part.clientAuthentication === undefined
      ? {}
      : { clientAuthentication: part.clientAuthentication as ClientAuthentication }),
    ...(part.response === undefined ? {} : { response: ordered(part.response) as TokenResponseMap })
  }
}

/** A sign-in that needs the session it begins can never be called. */
const checkReachable = (role: Role, operation: Operation, pointer: Pointer, { security, scheme, report }: Context) => {
  const requirements = security.operations[operationKey(operation)] ?? security.default
  if (requirements.length === 0 || requirements.some((requirement) => !Object.hasOwn(requirement, scheme))) return
  report({
    severity: "error",
    rule: "x-session-security",
    message: `"${operation.id}" requires "${scheme}", the very session that ${role} is to obtain`,
    hint: "give the operation security: [], in the document or by an overlay",
    pointer: [...pointer, "operationId"]
  })
}

const checkRequest = (
  role: Role,
  operation: Operation,
  request: Readonly<Record<string, string | number | boolean>>,
  part: JsonObject,
  pointer: Pointer,
  { root, report }: Context,
  credentials: Map<string, CredentialField>
): string | undefined => {
  const body = requestOf(root, operation)
  const at = (...rest: ReadonlyArray<string>) => [...pointer, "request", ...rest]
  const names = Object.keys(request)
  if (body === undefined) {
    for (const name of names) {
      report({
        severity: "error",
        rule: "x-session-field",
        message: `"${operation.id}" takes no request body, so it has no field "${name}"`,
        hint: "declare the operation's requestBody",
        pointer: at(name),
        onKey: true
      })
    }
    return undefined
  }
  const { fields, closed } = fieldsOf(root, body.schema, constantsOf(request))
  for (const name of names) {
    const value = request[name] as string | number | boolean
    const field = fields.get(name)
    if (field === undefined && closed) {
      report({
        severity: "error",
        rule: "x-session-field",
        message: `the request of "${operation.id}" has no field "${name}"`,
        hint: didYouMean(name, [...fields.keys()]),
        pointer: at(name),
        onKey: true
      })
    }
    if (typeof value !== "string" || !isExpression(value)) {
      checkConstant(name, value, field?.schema, operation, at(name), report)
      continue
    }
    const expression = parseExpression(value)
    const allowed = expression?.source === "credentials" || (expression?.source === "session" && role !== "signIn")
    if (!allowed) {
      report({
        severity: "error",
        rule: "x-session-expression",
        message: `${value} cannot be part of the request of ${role}`,
        hint:
          role === "signIn"
            ? "write $credentials.name, or a constant"
            : "write $session.refreshToken, $session.accessToken, $session.scope, $credentials.name, or a constant",
        pointer: at(name)
      })
    } else if (expression.source === "credentials" && role === "signIn") {
      const type = typeOf(field?.schema)
      credentials.set(expression.name, { name: expression.name, type, optional: field?.required === false && closed })
    }
  }
  for (const [name, field] of fields) {
    if (!field.required || names.includes(name)) continue
    if (part.clientAuthentication === "body" && (name === "client_id" || name === "client_secret")) continue
    report({
      severity: "error",
      rule: "x-session-field",
      message: `the request of "${operation.id}" needs "${name}", and ${role} does not give it`,
      hint: `add ${name} to request`,
      pointer: part.request === undefined ? pointer : at(),
      onKey: true
    })
  }
  return body.contentType
}

/** The fields that a request gives the same value each time: they decide among the shapes that a body can take. */
const constantsOf = (request: Readonly<Record<string, string | number | boolean>>): ReadonlyMap<string, unknown> =>
  new Map(Object.entries(request).filter(([, value]) => typeof value !== "string" || !isExpression(value)))

const typeOf = (schema: JsonObject | undefined): CredentialField["type"] => {
  if (schema?.type === "integer" || schema?.type === "number") return "number"
  return schema?.type === "boolean" ? "boolean" : "string"
}

const checkConstant = (
  name: string,
  value: string | number | boolean,
  schema: JsonObject | undefined,
  operation: Operation,
  pointer: Pointer,
  report: Report
) => {
  const allowed = valuesOf(schema)
  if (allowed === undefined || allowed.includes(value)) return
  report({
    severity: "error",
    rule: "x-session-field",
    message: `"${name}" of "${operation.id}" cannot be ${JSON.stringify(value)}`,
    hint: didYouMean(
      String(value),
      allowed.map((one) => String(one))
    ),
    pointer
  })
}
