/**
 * What a user has to hand over to sign in, as types: one interface a grant of a scheme.
 */
import type { Contract, SecurityScheme } from "@keyturn/contract"
import { comment, pascalCase, propertyName, text } from "./print.ts"
import type { CredentialField } from "./session.ts"
import { byText } from "./tree.ts"

/** One way to sign in: the value of `grant`, and the fields that go with it. */
interface Way {
  readonly grant: string
  readonly doc: string
  readonly fields: ReadonlyArray<CredentialField & { readonly doc?: string }>
}

const required = (name: string, doc: string) => ({ name, type: "string", optional: false, doc }) as const
const optional = (name: string, doc: string) => ({ name, type: "string", optional: true, doc }) as const

const client = [
  required("clientId", "The client's id (RFC 6749 §2.2)."),
  required("clientSecret", "The client's secret (RFC 6749 §2.3.1).")
]
const scope = optional("scope", "The scopes to ask for, separated by spaces (RFC 6749 §3.3).")

/** The ways to sign in with a scheme, the usual one first. */
const waysOf = (scheme: SecurityScheme, fields: ReadonlyArray<CredentialField>): ReadonlyArray<Way> => {
  const ways: Array<Way> = []
  const signIn = scheme.session?.signIn
  if (signIn !== undefined && signIn.grant !== "token") {
    const own = fields.map(({ name }) => name)
    const authentication =
      signIn.clientAuthentication === undefined ? [] : client.filter(({ name }) => !own.includes(name))
    const doc = `Signs in by \`${signIn.method} ${signIn.path}\`.`
    ways.push({ grant: signIn.grant, doc, fields: [...authentication, ...fields] })
  }
  const known = (grant: string) => ways.some((way) => way.grant === grant)
  if (scheme.type === "oauth2") {
    const { clientCredentials, password } = scheme.flows
    if (clientCredentials !== undefined && !known("client_credentials")) {
      const doc = "Signs in as the client itself (RFC 6749 §4.4)."
      ways.push({ grant: "client_credentials", doc, fields: [...client, scope] })
    }
    if (password !== undefined && !known("password")) {
      const doc = "Signs in with a user's name and password (RFC 6749 §4.3)."
      const user = [
        required("login", "The user's name: RFC 6749 calls it username."),
        required("password", "The user's password.")
      ]
      const maybeClient = client.map((field) => ({ ...field, optional: true }))
      ways.push({ grant: "password", doc, fields: [...user, ...maybeClient, scope] })
    }
  }
  if (scheme.type === "http" && scheme.scheme === "basic" && scheme.session === undefined) {
    const doc = "A name and a password, sent with each request (RFC 7617)."
    const user = [
      required("username", "The user's name, without a colon."),
      required("password", "The user's password.")
    ]
    return [...ways, { grant: "basic", doc, fields: user }]
  }
  return [...ways, tokenWay(scheme)]
}

const tokenWay = (scheme: SecurityScheme): Way => {
  const token = required("token", scheme.type === "apiKey" ? "The key." : "The access token.")
  const oauth = scheme.type === "openIdConnect" || scheme.type === "oauth2"
  // Where the token endpoint is found by discovery, only a grant that discovers it can refresh.
  const refreshes =
    scheme.session?.refresh !== undefined ||
    (scheme.type === "oauth2" &&
      Object.keys(scheme.flows).some((flow) => flow !== "clientCredentials" && flow !== "implicit"))
  const doc = scheme.type === "apiKey" ? "A key obtained beforehand." : "A token obtained beforehand."
  if (!refreshes) return { grant: "token", doc, fields: [token] }
  return {
    grant: "token",
    doc,
    fields: [
      token,
      optional("refreshToken", "The refresh token that came with it; without one, the session ends with the token."),
      optional("expiresAt", "When the access token expires (RFC 3339)."),
      ...(oauth
        ? client.map((field) => ({
            ...field,
            optional: true,
            doc: `${field.doc.slice(0, -1)}, which a refresh needs.`
          }))
        : [])
    ]
  }
}

/** The schemes whose credentials a user can hand over. A client certificate belongs to the connection. */
const configurable = (contract: Contract): ReadonlyArray<string> =>
  Object.keys(contract.schemes)
    .filter((name) => contract.schemes[name]?.type !== "mutualTLS")
    .sort(byText)

/** The module that declares `Credentials`. */
export const credentialsModule = (
  contract: Contract,
  fields: ReadonlyMap<string, ReadonlyArray<CredentialField>>
): string => {
  const names = configurable(contract)
  if (names.length === 0) {
    return `${comment("This API asks for no credentials.")}\nexport type Credentials = never\n`
  }
  const parts: Array<string> = []
  const taken = new Set(["Credentials"])
  const unique = (name: string): string => {
    let free = name
    for (let number = 2; taken.has(free); number++) free = `${name}${number}`
    taken.add(free)
    return free
  }
  const types = new Map<string, string>()
  for (const name of names) {
    const ways = waysOf(contract.schemes[name] as SecurityScheme, fields.get(name) ?? [])
    const prefix = names.length > 1 ? pascalCase(name) : ""
    const whole = names.length > 1 ? unique(`${prefix}Credentials`) : "Credentials"
    const members = ways.map((way, index) => {
      const alone = ways.length === 1 && names.length > 1
      const typeName = alone ? whole : unique(`${prefix}${pascalCase(way.grant)}Credentials`)
      parts.push(interfaceOf(typeName, way, index === 0))
      return typeName
    })
    types.set(name, whole)
    if (members[0] === whole) continue
    const doc = names.length > 1 ? `What the scheme \`${name}\` takes.` : "What this API takes to sign in."
    parts.push(`${comment(doc)}\nexport type ${whole} = ${members.join(" | ")}\n`)
  }
  if (names.length === 1) return parts.join("\n")
  const alternatives = names.map((given) => {
    const members = names.map(
      (name) => `      readonly ${propertyName(name)}${name === given ? "" : "?"}: ${types.get(name)}\n`
    )
    return `  | {\n${members.join("")}    }`
  })
  const doc = "What this API takes to sign in, by the name of the security scheme: one at least."
  parts.push(`${comment(doc)}\nexport type Credentials =\n${alternatives.join("\n")}\n`)
  return parts.join("\n")
}

const interfaceOf = (name: string, way: Way, usual: boolean): string => {
  const members = way.fields.map(
    (field) =>
      `${field.doc === undefined ? "" : `${comment(field.doc, "  ")}\n`}  readonly ${propertyName(field.name)}${field.optional ? "?" : ""}: ${field.type}`
  )
  const grant = `  readonly grant${usual ? "?" : ""}: ${text(way.grant)}`
  return `${comment(way.doc)}\nexport interface ${name} {\n${[grant, ...members].join("\n")}\n}\n`
}
