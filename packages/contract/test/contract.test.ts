import { assert, describe, it } from "@effect/vitest"
import {
  type Contract,
  type CredentialsOf,
  type ErrorOf,
  type PathsOf,
  requirementsOf,
  serverUrl,
  type Typed
} from "../src/index.ts"

const data = {
  name: "pets",
  servers: [{ url: "https://{region}.pets.example/v1/", variables: { region: { default: "eu" } } }],
  schemes: { key: { type: "apiKey", in: "header", name: "X-Key" } },
  security: { default: [{ key: [] }], operations: { "POST /signin": [], "GET /pets": [{ key: [] }, {}] } }
} as const satisfies Contract

interface paths {
  readonly "/pets": {
    readonly get: {
      readonly responses: {
        readonly 200: { readonly content: { readonly "application/json": ReadonlyArray<string> } }
        readonly 401: { readonly content: { readonly "application/json": { readonly reason: string } } }
        readonly 404: { readonly content?: never }
        readonly "5XX": { readonly content: { readonly "text/plain": string } }
      }
    }
  }
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

describe("a contract", () => {
  it("gives an operation its own requirements, or the default, whatever the case of the method", () => {
    assert.deepStrictEqual(requirementsOf(data, "post", "/signin"), [])
    assert.deepStrictEqual(requirementsOf(data, "GET", "/pets"), [{ key: [] }, {}])
    assert.deepStrictEqual(requirementsOf(data, "GET", "/else"), [{ key: [] }])
  })

  it("fills a server's variables in by their defaults, and leaves out the last slash", () => {
    assert.strictEqual(serverUrl(data.servers[0]), "https://eu.pets.example/v1")
    assert.strictEqual(serverUrl({ url: "https://{unknown}.example" }), "https://{unknown}.example")
  })

  it("carries paths and credentials as types", () => {
    type Pets = Typed<typeof data, { paths: paths; credentials: { readonly token: string } }>
    const carriesPaths: Same<PathsOf<Pets>, paths> = true
    const carriesCredentials: Same<CredentialsOf<Pets>, { readonly token: string }> = true
    const plain: Same<PathsOf<Contract>, never> = true
    assert.isTrue(carriesPaths && carriesCredentials && plain)
  })

  it("tells an operation's errors apart by status, each with its body", () => {
    type Errors = ErrorOf<paths["/pets"]["get"]>
    const members: Same<Errors["status"], number> = true
    const body = (error: Errors): string => {
      if (error.status === 401 && typeof error.body === "object") return error.body.reason
      return String(error.body)
    }
    assert.isTrue(members)
    assert.strictEqual(body({ status: 401, body: { reason: "expired" } }), "expired")
    // @ts-expect-error: 401 answers an object
    body({ status: 401, body: 1 })
  })
})
