import { assert, describe, it } from "@effect/vitest"
import { operationsOf } from "../src/operations.ts"
import { readPagination } from "../src/pagination.ts"
import type { Problem } from "../src/problem.ts"
import type { JsonObject } from "../src/tree.ts"

const paging = {
  style: "offset",
  offset: "$request.query.offset",
  limit: "$request.query.limit",
  more: "$response.header.more",
  items: "$response.body"
}

const documentWith = (...pagings: ReadonlyArray<unknown>): JsonObject => ({
  paths: Object.fromEntries(
    pagings.map((value, i) => [
      `/${i}`,
      {
        parameters: [{ name: "offset", in: "query" }],
        post: {
          "x-pagination": value,
          parameters: [{ name: "limit", in: "query" }],
          requestBody: {
            content: {
              "application/json": {
                schema: { type: "object", additionalProperties: false, properties: { from: { type: "integer" } } }
              }
            }
          }
        }
      }
    ])
  )
})

const read = (...pagings: ReadonlyArray<unknown>) => {
  const root = documentWith(...pagings)
  const problems: Array<Problem> = []
  const found = readPagination(root, operationsOf(root), (problem) => problems.push(problem))
  return { found, problems }
}

describe("x-pagination", () => {
  it("puts operations that page alike together, and those that do not apart", () => {
    const { found, problems } = read(paging, paging, {
      ...paging,
      style: "page",
      page: "$request.body#/from",
      offset: undefined
    })
    assert.deepStrictEqual(problems, [])
    assert.deepStrictEqual(
      found.map(({ operations, position, style }) => ({ operations, position, style })),
      [
        { style: "offset", position: "$request.query.offset", operations: ["POST /0", "POST /1"] },
        { style: "page", position: "$request.body#/from", operations: ["POST /2"] }
      ]
    )
  })

  const wrong: ReadonlyArray<readonly [what: string, value: unknown, message: string, at: string]> = [
    ["something else than an object", "offset", "x-pagination is not an object", ""],
    ["a key it does not know", { ...paging, mor: "x" }, `"mor" is not a key of x-pagination`, "mor"],
    ["another style", { ...paging, style: "cursor" }, `"style" must be offset or page`, "style"],
    ["no place for the position", { ...paging, offset: undefined }, `x-pagination needs "offset"`, ""],
    [
      "a parameter that is not there",
      { ...paging, limit: "$request.query.limits" },
      `the operation has no query parameter "limits"`,
      "limit"
    ],
    [
      "a field that is not there",
      { ...paging, offset: "$request.body#/to" },
      `the request has no field "to"`,
      "offset"
    ],
    ["a place that is none", { ...paging, offset: "offset" }, "offset names no place in a request", "offset"],
    [
      "an answer that is none",
      { ...paging, items: "$request.body" },
      "$request.body names nothing of an answer",
      "items"
    ],
    ["a first page that is no number", { ...paging, first: "1" }, `"first" must be a whole number`, "first"]
  ]
  for (const [what, value, message, at] of wrong) {
    it(`refuses ${what}, and says where`, () => {
      const { found, problems } = read(value)
      assert.deepStrictEqual(found, [])
      assert.deepStrictEqual(
        problems.map((problem) => [problem.message, problem.pointer.slice(3).join("/")]),
        [[message, ["x-pagination", at].filter((part) => part !== "").join("/")]]
      )
    })
  }
})
