import { assert, describe, it } from "@effect/vitest"
import { type ApiOptions, generateApi } from "../src/index.ts"
import { documents } from "./documents.ts"
import { temporary } from "./temporary.ts"

/** The generated files of a document's text, by name, and the warnings. */
const generate = async (document: string, options: Partial<ApiOptions> = {}) => {
  using folder = temporary({ "openapi.yaml": document })
  const { files, warnings } = await generateApi(
    { document: "openapi.yaml", name: "t", out: "out", ...options },
    { cwd: folder.path }
  )
  const text = (name: string) => files.find(({ path }) => path === `${folder.path}/out/${name}`)?.text ?? ""
  return { text, warnings: warnings.map(({ rule, message }) => `${rule}: ${message}`) }
}

const credentialsOf = async (name: string) => {
  const document = documents.find((candidate) => candidate.name === name)
  if (document === undefined) throw new Error(name)
  const { files } = await generateApi({ document: document.path, name, out: "/out" })
  return files.find(({ path }) => path.endsWith("credentials.ts"))?.text ?? ""
}

/** The text of one interface, on one line and without comments. */
const interfaceOf = (module: string, name: string): string =>
  new RegExp(`interface ${name} \\{[\\s\\S]*?\\n\\}`)
    .exec(module)?.[0]
    .replace(/\/\*\*.*?\*\//g, "")
    .replace(/\s+/g, " ") ?? ""

const head = 'openapi: 3.1.0\ninfo: { title: T, version: "1" }\n'
const answer = 'responses: { "204": { description: Done. } }'

describe("credentials are typed from the schemes", () => {
  it("flat for one scheme: the fields of its sign-in, or a token that can be refreshed", async () => {
    const module = await credentialsOf("bench")
    assert.strictEqual(
      interfaceOf(module, "PasswordCredentials"),
      'interface PasswordCredentials { readonly grant?: "password" readonly login: string readonly password: string }'
    )
    assert.strictEqual(
      interfaceOf(module, "TokenCredentials"),
      'interface TokenCredentials { readonly grant: "token" readonly token: string readonly refreshToken?: string readonly expiresAt?: string }'
    )
    assert.include(module, "export type Credentials = PasswordCredentials | TokenCredentials\n")
  })

  it("by the scheme's name for several, one at least; a certificate is not asked for", async () => {
    const module = await credentialsOf("shapes")
    assert.include(module, "readonly basic: BasicCredentials\n      readonly bearer?: BearerCredentials\n")
    assert.notMatch(module, /certificate/i)
    // Its token endpoint is found by discovery, which a token made elsewhere does not do.
    assert.strictEqual(
      interfaceOf(module, "OidcCredentials"),
      'interface OidcCredentials { readonly grant?: "token" readonly token: string }'
    )
    assert.strictEqual(
      interfaceOf(module, "BasicCredentials"),
      'interface BasicCredentials { readonly grant?: "basic" readonly username: string readonly password: string }'
    )
    assert.strictEqual(
      interfaceOf(module, "OauthClientCredentialsCredentials"),
      'interface OauthClientCredentialsCredentials { readonly grant?: "client_credentials" readonly clientId: string readonly clientSecret: string readonly scope?: string }'
    )
    assert.match(
      module,
      /OauthCredentials = OauthClientCredentialsCredentials \| OauthPasswordCredentials \| OauthTokenCredentials/
    )
    assert.strictEqual((module.match(/^ {2}\| \{/gm) ?? []).length, 9)
  })

  it("with the client's id and secret where the sign-in authenticates the client, and what the scope that it asks for requires", async () => {
    const module = await credentialsOf("bits")
    assert.strictEqual(
      interfaceOf(module, "SessionTokenClientCredentialsCredentials"),
      'interface SessionTokenClientCredentialsCredentials { readonly grant?: "client_credentials" readonly clientId: string readonly clientSecret: string readonly applicationId: string readonly redirectUrl: string readonly workflowId: string }'
    )
  })

  it("never, for an API without security", async () => {
    const { text } = await generate(`${head}paths: {}\n`)
    assert.match(text("credentials.ts"), /export type Credentials = never/)
  })
})

describe("odd documents", () => {
  for (const name of ["pets-swagger2", "allura-swagger2"]) {
    it(`Swagger 2.0 gives no warnings of its own keys, and leaves none of them (${name})`, async () => {
      const path = documents.find((document) => document.name === name)?.path ?? ""
      const { files, warnings } = await generateApi({ document: path, out: "/out" })
      assert.deepStrictEqual(warnings, [])
      const document = JSON.parse(files.find((file) => file.path.endsWith("openapi.json"))?.text ?? "")
      for (const key of ["swagger", "basePath", "consumes", "definitions", "host", "produces", "schemes"]) {
        assert.notProperty(document, key)
      }
    })
  }

  it("an operationId used twice is warned of, and stays with the first in the order of paths", async () => {
    const { text, warnings } = await generate(
      `${head}paths:\n  /b: { get: { operationId: same, ${answer} } }\n  /a: { get: { operationId: same, ${answer} } }\n`
    )
    assert.deepStrictEqual(warnings, ['operation-id-unique: GET /a is called "same" too'])
    assert.include(text("operations.ts"), 'same: { method: "get", path: "/a" }')
    assert.strictEqual((text("types.ts").match(/^ {4}same: \{/gm) ?? []).length, 1)
  })

  it("a discriminator that maps to files that a bundler left behind is warned of, once", async () => {
    const { text, warnings } = await generate(
      `${head}paths:
  /a: { get: { responses: { "200": { description: Ok., content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } } } } }
  /b: { get: { responses: { "200": { description: Ok., content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } } } } }
components:
  schemas:
    Cat: { type: object, required: [kind], properties: { kind: { type: string } } }
    Pet: { oneOf: [{ $ref: "#/components/schemas/Cat" }], discriminator: { propertyName: kind, mapping: { cat: models/cat.yml, dog: "#/dog" } } }
`
    )
    assert.deepStrictEqual(warnings, [
      "unresolved-ref: the discriminator maps to models/cat.yml, which is not part of this document",
      "unresolved-ref: there is nothing at #/dog"
    ])
    assert.include(text("types.ts"), 'Pet: components["schemas"]["Cat"]')
  })

  it("a path parameter that is not declared is warned of", async () => {
    const { warnings } = await generate(`${head}paths:\n  /a/{id}: { get: { ${answer} } }\n`)
    assert.deepStrictEqual(warnings, ['path-parameter: the parameter "id" of this path is not declared'])
  })

  it("a title that would end the comment, and keys that are no identifiers, come out as text", async () => {
    const { text } = await generate(
      `openapi: 3.1.0\ninfo: { title: "T */ evil()", version: "1" }\npaths:\n  /a: { get: { operationId: "__proto__", ${answer} } }\n  "/b\\"": { get: { operationId: "a b", ${answer} } }\n`
    )
    assert.include(text("index.ts"), "/** T *\\/ evil() 1 */")
    assert.include(text("operations.ts"), '"a b": { method: "get", path: "/b\\"" }')
    assert.include(text("operations.ts"), '["__proto__"]: { method: "get", path: "/a" }')
  })

  it("operations on servers of their own keep them", async () => {
    const { text } = await generate(
      `${head}servers: [{ url: "https://a.example" }]\npaths:\n  /a: { get: { ${answer} } }\n  /b: { servers: [{ url: "https://b.example/{v}", variables: { v: { default: v2 } } }], get: { ${answer} } }\n`
    )
    assert.include(text("contract.ts"), 'servers: [{ url: "https://a.example" }]')
    assert.include(
      text("contract.ts"),
      '"GET /b": [{ url: "https://b.example/{v}", variables: { v: { default: "v2" } } }]'
    )
    assert.notInclude(text("contract.ts"), '"GET /a"')
  })
})

describe("options", () => {
  it("of the types are openapi-typescript's", async () => {
    const document = `${head}paths: {}\ncomponents: { schemas: { A: { type: object, properties: { b: { type: string } } } } }\n`
    assert.match((await generate(document)).text("types.ts"), /^ {12}b\?: string;/m)
    assert.match((await generate(document, { types: { immutable: true } })).text("types.ts"), /readonly b\?: string;/)
  })

  it("of a package replace members of its manifest, and remove them", async () => {
    const { text } = await generate(`${head}paths: {}\n`, {
      package: { name: "@acme/t", manifest: { license: "MIT", devDependencies: undefined } }
    })
    const manifest = JSON.parse(text("package.json"))
    assert.strictEqual(manifest.license, "MIT")
    assert.notProperty(manifest, "devDependencies")
    assert.deepStrictEqual(Object.keys(manifest.exports), [".", "./types", "./openapi.json"])
    assert.match(text("src/generated/contract.ts"), /name: "t"/)
  })
})
