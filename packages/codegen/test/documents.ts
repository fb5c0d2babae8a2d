/**
 * The documents that everything is tried on: real ones, the workspace's own, and fixtures for what none of these has.
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import { parse } from "yaml"

/** A document, and a call of one of its operations: TypeScript that must compile, and that sets `result`. */
export interface TriedDocument {
  readonly name: string
  readonly path: string
  readonly overlays?: ReadonlyArray<string>
  /** The operation that is called, as `METHOD /path`, and what the server answers. */
  readonly operation: string
  readonly answer: unknown
  readonly call: string
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const unpacked = (): string => {
  const path = join(mkdtempSync(join(tmpdir(), "keyturn-box-")), "box.json")
  writeFileSync(path, gunzipSync(readFileSync(here("fixtures/box-openapi.json.gz"))))
  return path
}

const byId = (id: string, init = "") => `client.request(operations.${id}.method, operations.${id}.path${init})`

export const documents: ReadonlyArray<TriedDocument> = [
  {
    name: "box",
    path: unpacked(),
    operation: "GET /users/me",
    answer: { id: "1", type: "user", login: "ada@example.com" },
    call: `const { data } = await ${byId("get_users_me")}
      const login: string | undefined = data?.login
      export const result: unknown = { id: data?.id, type: data?.type, login }`
  },
  {
    name: "allura-swagger2",
    path: here("fixtures/allura-swagger2.yaml"),
    operation: "GET /{neighborhood}/{project}",
    answer: { shortname: "allura" },
    call: `const { data } = await client.GET("/{neighborhood}/{project}", { params: { path: { neighborhood: "p", project: "allura" } } })
      export const result: unknown = data`
  },
  {
    name: "github",
    path: createRequire(import.meta.url).resolve("@octokit/openapi/generated/api.github.com.json"),
    overlays: [here("fixtures/github.overlay.yaml")],
    operation: "GET /users/{username}/keys",
    answer: [{ id: 7, key: "ssh-rsa AAA" }],
    call: `const { data } = await client.request(operations["users/list-public-keys-for-user"].method, operations["users/list-public-keys-for-user"].path, { params: { path: { username: "ada" } } })
      export const result: unknown = data?.map(({ id, key }: { id: number; key: string }) => ({ id, key }))`
  },
  {
    name: "bench",
    path: here("../../../specs/bench/openapi.yaml"),
    operation: "GET /rp/api/v1/Accounts",
    answer: [{ id: 3, name: "Harbour" }],
    call: `const { data } = await ${byId("listAccounts")}
      export const result: unknown = data?.map(({ id, name }) => ({ id, name }))`
  },
  {
    name: "bits",
    path: here("../../../specs/bits/openapi.yaml"),
    operation: "GET /oauth2/userinfo",
    answer: { customerId: "c" },
    call: `const { data } = await client.GET("/oauth2/userinfo")
      export const result: unknown = { customerId: data?.customerId }`
  },
  {
    name: "allura",
    path: here("../../../specs/allura/openapi.yaml"),
    operation: "GET /rest/{neighborhood}/{project}",
    answer: { shortname: "allura" },
    call: `const { data } = await client.GET("/rest/{neighborhood}/{project}", { params: { path: { neighborhood: "p", project: "allura" } } })
      export const result: unknown = { shortname: data?.shortname }`
  },
  {
    name: "pink",
    path: here("../../../specs/pink/openapi.yaml"),
    operation: "GET /v1/me",
    answer: { id: "1" },
    call: `const { data } = await client.GET("/v1/me")
      export const result: unknown = { id: data?.id }`
  },
  {
    name: "deep-references",
    path: here("fixtures/deep-references.yaml"),
    operation: "GET /cats",
    answer: {
      property: { name: "Ada" },
      part: { size: 2 },
      item: { done: true },
      parameter: "cat",
      answer: { id: 1 },
      tree: { children: [{ name: "leaf" }] }
    },
    call: `const { data } = await client.GET("/cats")
      const owner: string | undefined = data?.property.name
      const size: number | undefined = data?.part.size
      const done: boolean | undefined = data?.item.done
      const kind: "cat" | "dog" | undefined = data?.parameter
      const id: number | undefined = data?.answer.id
      const leaf: string | undefined = data?.tree.children?.[0]?.children?.[0]?.name ?? data?.tree.children?.[0]?.name
      export const result: unknown = data && {
        property: { name: owner }, part: { size }, item: { done }, parameter: kind, answer: { id }, tree: { children: [{ name: leaf }] }
      }`
  },
  {
    name: "kinds",
    path: here("fixtures/kinds.yaml"),
    operation: "GET /pets",
    answer: [
      { kind: "cat", name: "Ada", lives: 9 },
      { kind: "dog", tricks: ["sit"] }
    ],
    call: `const { data } = await ${byId("listPets")}
      export const result: unknown = data?.map((pet) => {
        const { name } = pet
        if (pet.kind === "dog") return { kind: pet.kind, tricks: pet.tricks }
        const lives: number = pet.lives
        return { kind: pet.kind, name, lives }
      })`
  },
  {
    name: "recursion",
    path: here("fixtures/recursion.yaml"),
    operation: "GET /everything",
    answer: { json: { list: [1, "two", null] }, nested: [1, [2, [3]]], pet: { kind: "cat", lives: 9 }, self: "me" },
    call: `const { data } = await ${byId("getEverything")}
      type Json = string | number | boolean | null | Array<Json> | { [key: string]: Json }
      const json: Json | undefined = data?.json
      const sum = (nested: NonNullable<typeof data>["nested"]): number =>
        nested.reduce((total: number, one) => total + (typeof one === "number" ? one : sum(one)), 0)
      const total: number | undefined = data && sum(data.nested)
      const lives: number | undefined = data?.pet.kind === "cat" ? data.pet.lives : data?.pet.tricks
      const self: string | undefined = data?.self
      const alias: boolean | undefined = data?.alias
      const one: string | number | undefined = data?.one
      const both: ReadonlyArray<NonNullable<typeof data>["one"]> = [1, "one"]
      export const result: unknown = data && total === 6 && alias === undefined && one === undefined && both.length === 2 && { json, nested: data.nested, pet: { kind: data.pet.kind, lives }, self }`
  },
  {
    name: "shapes",
    path: here("fixtures/shapes.yaml"),
    operation: "GET /or-of-and",
    answer: { id: 1, note: "n" },
    call: `const { data } = await ${byId("orOfAnd")}
      const id: number | undefined = data?.id
      export const result: unknown = { id, note: data?.note }`
  },
  {
    name: "device",
    path: here("fixtures/device.yaml"),
    operation: "GET /things",
    answer: ["a"],
    call: `const { data } = await ${byId("listThings")}
      export const result: unknown = data?.map((thing: string) => thing)`
  },
  {
    name: "multi",
    path: here("fixtures/multi/openapi.yaml"),
    operation: "GET /pets/{id}",
    answer: { name: "Rex", parent: { name: "Max" } },
    call: `const { data } = await ${byId("getPet", ', { params: { path: { id: "1" } } }')}
      const parent: string | undefined = data?.parent?.parent?.name
      export const result: unknown = { name: data?.name, parent: parent ?? data?.parent }`
  },
  {
    name: "pets-swagger2",
    path: here("fixtures/pets-swagger2.json"),
    operation: "POST /pets",
    answer: { name: "Rex" },
    call: `const { data } = await ${byId("addPet", ', { body: { name: "Rex" } }')}
      export const result: unknown = { name: data?.name }`
  }
]

/** A document as it was written, read by another parser than the generator's. */
export const raw = ({ path }: TriedDocument): Record<string, unknown> => {
  const text = readFileSync(path, "utf8")
  return path.endsWith(".json") ? JSON.parse(text) : parse(text)
}
