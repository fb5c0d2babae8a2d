/** What becomes of `x-session`, and of the media types of answers. */
import { assert, describe, it } from "@effect/vitest"
import { GenerateError, generateApi } from "../src/index.ts"
import { temporary } from "./temporary.ts"

const head = 'openapi: 3.1.0\ninfo: { title: T, version: "1" }\n'

const generate = async (document: string, readme?: string) => {
  using folder = temporary({ "openapi.yaml": document })
  const { files } = await generateApi(
    {
      document: "openapi.yaml",
      name: "t",
      out: "out",
      ...(readme !== undefined && { package: { name: "t", readme } })
    },
    { cwd: folder.path }
  )
  return (name: string) => files.find(({ path }) => path.endsWith(name))?.text ?? ""
}

const messagesOf = (document: string) =>
  generate(document).then(
    () => [],
    (error) => {
      if (!(error instanceof GenerateError)) throw error
      return error.diagnostics.map(({ message }) => message)
    }
  )

/** A document whose sign-in takes this body and sends this request. */
const signIn = (schema: string, request: string) => `${head}paths:
  /token:
    post:
      operationId: token
      security: []
      requestBody: { content: { application/x-www-form-urlencoded: { schema: ${schema} } } }
      responses: { "200": { description: Yes., content: { application/json: { schema: { type: object, properties: { t: {} } } } } } }
components:
  securitySchemes:
    s:
      type: http
      scheme: bearer
      x-session:
        signIn: { operationId: token, grant: password, request: ${request} }
        response: { accessToken: $response.body#/t }
`

describe("the credentials of a sign-in", () => {
  it("may be left out where the request does not require their field, by type and at run time", async () => {
    const file = await generate(
      signIn(
        "{ type: object, required: [user], properties: { user: {}, tenant: {} } }",
        "{ user: $credentials.login, tenant: $credentials.tenant }"
      )
    )
    assert.match(file("credentials.ts"), /readonly login: string\n\s+readonly tenant\?: string/)
    assert.match(file("contract.ts"), /optional: \["tenant"\]/)
  })

  it("are required where the alternative that the request's constants pick requires them", async () => {
    const schema =
      "{ oneOf: [{ type: object, required: [user], properties: { kind: { const: a }, user: {}, tenant: {} } }, " +
      "{ type: object, required: [kind, user, tenant], properties: { kind: { const: b }, user: {}, tenant: {} } }] }"
    const fields = "user: $credentials.login, tenant: $credentials.tenant"
    const a = await generate(signIn(schema, `{ kind: a, ${fields} }`))
    assert.include(a("credentials.ts"), "readonly tenant?: string")
    const b = await generate(signIn(schema, `{ kind: b, ${fields} }`))
    assert.include(b("credentials.ts"), "readonly tenant: string")
    assert.notInclude(b("contract.ts"), "optional")
    assert.deepStrictEqual(await messagesOf(signIn(schema, `{ kind: c, ${fields} }`)), [
      '"kind" of "token" cannot be "c"'
    ])
  })
})

describe("placement: form", () => {
  const scheme = (text: string) =>
    `${head}paths: {}\ncomponents: { securitySchemes: { s: { ${text}, x-session: { placement: form } } } }\n`

  it("is kept for a key in the query", async () => {
    const file = await generate(scheme("type: apiKey, in: query, name: access_token"))
    assert.match(file("contract.ts"), /session: \{ placement: "form" \}/)
  })

  it("is refused for a credential with a better place", async () => {
    const [message = ""] = await messagesOf(scheme("type: http, scheme: bearer"))
    assert.match(message, /"placement: form" is for a scheme of type apiKey in the query, and "s" is not one/)
  })
})

describe("Accept", () => {
  const answering = (...types: ReadonlyArray<string>) =>
    `${head}paths:\n  /a:\n    get:\n      responses:\n${types
      .map((type, i) => `        "${200 + i}": { description: A., content: { ${type}: {} } }\n`)
      .join("")}`

  it("asks for JSON where an operation has it among other forms, and takes those after it", async () => {
    const file = await generate(answering("application/json", "text/html"))
    assert.include(file("contract.ts"), 'accept: "application/json, */*;q=0.5"')
  })

  for (const types of [["application/json"], ["text/csv"], ["application/json", "application/problem+json"]]) {
    it(`is not said where all is ${types.join(" and ")}`, async () => {
      assert.notInclude((await generate(answering(...types)))("contract.ts"), "accept")
    })
  }
})

it("a page of one's own stands in the README before the operations", async () => {
  const file = await generate(`${head}paths: {}\n`, "## Credentials\n\nAsk Ada.\n")
  assert.match(file("README.md"), /## Credentials\n\nAsk Ada\.\n\n## Operations\n\n\|/)
})
