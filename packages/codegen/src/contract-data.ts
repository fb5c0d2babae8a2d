/**
 * A document's `Contract`: servers, schemes, security and session, as data.
 */
import type { Contract, SecurityScheme, Server } from "@keyturn/contract"
import { acceptOf } from "./accept.ts"
import { isUrl } from "./load.ts"
import { type Operation, operationKey, operationsOf } from "./operations.ts"
import { readPagination } from "./pagination.ts"
import type { Report } from "./problem.ts"
import { readSecurity } from "./security.ts"
import { readSchemes } from "./security-schemes.ts"
import { type CredentialField, readSession } from "./session.ts"
import { isObject, type JsonObject } from "./tree.ts"

/** What a document says that the generated package has to carry. */
export interface ReadContract {
  readonly contract: Contract
  readonly operations: ReadonlyArray<Operation>
  /** The fields that a scheme's own sign-in takes, by the scheme's name. */
  readonly credentials: ReadonlyMap<string, ReadonlyArray<CredentialField>>
}

/** Reads the contract of a document. What is wrong with it is reported. `base` is where the document was read from. */
export const readContract = (root: JsonObject, name: string, base: string, report: Report): ReadContract => {
  const operations = operationsOf(root)
  const declared = readSchemes(root, report)
  const security = readSecurity(root, operations, declared, report)
  const schemes: Record<string, SecurityScheme> = {}
  const credentials = new Map<string, ReadonlyArray<CredentialField>>()
  for (const [scheme, declaration] of declared) {
    const session = readSession(declaration, { root, operations, security, scheme, report })
    schemes[scheme] =
      session === undefined ? declaration.scheme : { ...declaration.scheme, session: session.description }
    if (session !== undefined) credentials.set(scheme, session.credentials)
  }
  const operationServers = readOperationServers(operations, base)
  const accept = acceptOf(root, operations)
  const pagination = readPagination(root, operations, report)
  return {
    contract: {
      name,
      servers: readServers(root.servers, base),
      schemes,
      security,
      ...(Object.keys(operationServers).length === 0 ? {} : { operationServers }),
      ...(accept === undefined ? {} : { accept }),
      ...(pagination.length === 0 ? {} : { pagination })
    },
    operations,
    credentials
  }
}

/** The servers of a document; without any, the place it came from (OpenAPI: the URL "/" relative to the document). */
const readServers = (value: unknown, base: string): ReadonlyArray<Server> => {
  const declared = Array.isArray(value) ? value.filter(isObject) : []
  const servers = declared.length > 0 ? declared : [{ url: "/" }]
  return servers.map((server): Server => {
    const url = String(server.url)
    const variables = isObject(server.variables)
      ? Object.entries(server.variables).flatMap(([name, variable]) => {
          if (!isObject(variable)) return []
          const values = Array.isArray(variable.enum) ? { enum: variable.enum.map(String) } : {}
          return [[name, { default: String(variable.default), ...values }] as const]
        })
      : []
    return {
      url: isUrl(base) && !url.startsWith("{") ? unescapeBraces(new URL(url, base).href) : url,
      ...(variables.length === 0 ? {} : { variables: Object.fromEntries(variables) })
    }
  })
}

/** The operations that an own list of servers, or their path's, sends elsewhere. */
const readOperationServers = (
  operations: ReadonlyArray<Operation>,
  base: string
): Readonly<Record<string, ReadonlyArray<Server>>> =>
  Object.fromEntries(
    operations.flatMap((operation) => {
      const servers = operation.node.servers ?? operation.pathItem.servers
      return Array.isArray(servers) && servers.length > 0
        ? [[operationKey(operation), readServers(servers, base)] as const]
        : []
    })
  )

const unescapeBraces = (url: string): string => url.replaceAll("%7B", "{").replaceAll("%7D", "}").replace(/\/$/, "")
