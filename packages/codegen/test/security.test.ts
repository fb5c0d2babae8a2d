import { assert, describe, it } from "@effect/vitest"
import { type Contract, requirementsOf } from "@keyturn/contract"
import { readContract } from "../src/contract-data.ts"
import { openDocument } from "../src/document.ts"
import type { Diagnostic } from "../src/index.ts"
import { Loader } from "../src/load.ts"
import { documents, raw, type TriedDocument } from "./documents.ts"

// biome-ignore lint/suspicious/noExplicitAny: a raw document has no type; that is the point of this count.
type Raw = Record<string, any>

const methods = new Set(["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"])

/** Counts the security shapes of a raw document. It shares no code with the generator on purpose. */
const countRaw = (document: TriedDocument): Record<string, number> => {
  const root: Raw = raw(document)
  if (document.name === "github") root.security = [{ token: [] }, {}]
  const counts: Record<string, number> = {}
  const count = (operation: Raw) => {
    const security: ReadonlyArray<Raw> = operation.security ?? root.security ?? []
    const shape = security
      .map((requirement) =>
        Object.entries(requirement)
          .map(
            ([name, scopes]) => `${name.replace("#/components/securitySchemes/", "")}(${[...scopes].sort().join(" ")})`
          )
          .sort()
          .join(" and ")
      )
      .map((alternative) => alternative || "anonymous")
      .join(" or ")
    counts[shape] = (counts[shape] ?? 0) + 1
  }
  for (const item of Object.values<Raw>(root.paths)) {
    // The one fixture in several files is small enough to be counted by eye.
    if (item.$ref !== undefined) return { "": 1, "token()": 1 }
    for (const [key, operation] of Object.entries<Raw>(item)) {
      if (methods.has(key)) count(operation)
      if (key === "additionalOperations") Object.values<Raw>(operation).forEach(count)
    }
  }
  return counts
}

const countContract = (contract: Contract, operations: ReadonlyArray<{ method: string; path: string }>) => {
  const counts: Record<string, number> = {}
  for (const { method, path } of operations) {
    const shape = requirementsOf(contract, method, path)
      .map((requirement) =>
        Object.entries(requirement)
          .map(([name, scopes]) => `${name}(${scopes.join(" ")})`)
          .sort()
          .join(" and ")
      )
      .map((alternative) => alternative || "anonymous")
      .join(" or ")
    counts[shape] = (counts[shape] ?? 0) + 1
  }
  return counts
}

describe("the contract requires of each operation what its document requires", () => {
  for (const document of documents) {
    it(`${document.name}: as many operations of each security shape as the raw document has`, async () => {
      const diagnostics: Array<Diagnostic> = []
      const opened = await openDocument(document.path, document.overlays ?? [], new Loader("/"), diagnostics)
      if (opened === undefined) return assert.fail(JSON.stringify(diagnostics))
      const { contract, operations } = readContract(opened.root, document.name, document.path, opened.report)
      assert.deepStrictEqual(countContract(contract, operations), countRaw(document))
    })
  }

  it("the default is the commonest requirement, and only exceptions are listed", async () => {
    const document = documents.find(({ name }) => name === "shapes") as TriedDocument
    const opened = await openDocument(document.path, [], new Loader("/"), [])
    if (opened === undefined) return assert.fail()
    const { contract } = readContract(opened.root, "shapes", document.path, opened.report)
    assert.deepStrictEqual(contract.security, {
      default: [{ bearer: [] }],
      operations: {
        "GET /and": [{ bearer: [], queryKey: [] }],
        "GET /cookie": [{ cookieKey: [] }],
        "GET /none": [],
        "GET /optional": [{ bearer: [] }, {}],
        "GET /or-of-and": [{ basic: [] }, { cookieKey: [], headerKey: [] }, {}],
        "GET /scoped": [{ oauth: ["read", "write"] }, { oidc: ["openid"] }],
        "POST /scoped": [{ certificate: [] }, { digest: ["admin"] }]
      }
    })
  })
})
