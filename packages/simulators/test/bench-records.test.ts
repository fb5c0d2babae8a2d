import { assert, describe, it } from "@effect/vitest"
import { fields } from "./bench/fields.ts"
import { log } from "./bench/log.ts"
import { logins } from "./bench/logins.ts"
import { people } from "./bench/people.ts"
import { reports } from "./bench/reports.ts"
import { work } from "./bench/work.ts"
import { type Json, startSuite } from "./support/bench.ts"
import { judge, planning, unanswered } from "./support/client.ts"

const suite = startSuite()
work(suite)
reports(suite)
fields(suite)
people(suite)
logins(suite)
log(suite)

describe("x-pagination", () => {
  /** What a runtime expression means in an answer or a request. */
  const at = (value: Json, expression: string): Json =>
    (expression.split("#/")[1] ?? "").split("/").reduce((node, part) => (part === "" ? node : node[part]), value)

  it("is enough to read every list of an account page by page, and find what one large page has", async () => {
    const lists = [...judge.paged].filter(([operation]) => /Accounts$|^[^{]*\{accountId\}[^{]*$/.test(operation))
    assert.isAtLeast(lists.length, 20)
    for (const [operation, { offset, limit, more, items }] of lists) {
      const [method, template] = operation.split(" ") as [string, string]
      const path = template.replace("{accountId}", "1")
      const ask = (from: number, most: number) => {
        const window = { [offset.split(/[./]/).at(-1) as string]: from, [limit.split(/[./]/).at(-1) as string]: most }
        return offset.startsWith("$request.query.")
          ? suite.call(method, `${path}?${new URLSearchParams(Object.entries(window).map(([k, v]) => [k, String(v)]))}`)
          : suite.call(method, path, window)
      }
      // An object's members are items too.
      const read = async (answer: Response): Promise<Json[]> => {
        const found = at(await answer.json(), items)
        return Array.isArray(found) ? found : Object.entries(found)
      }
      const most = /activities|Accounts\/_filter/.test(path) ? 50 : 5000
      const size = most === 50 ? 20 : 150
      const whole = await read(await ask(0, most))
      const pages: Json[] = []
      for (;;) {
        const answer = await ask(pages.length, size)
        const page = await read(answer)
        assert.isAtMost(page.length, size, operation)
        pages.push(...page)
        if (answer.headers.get(more.replace("$response.header.", "")) !== "true" || pages.length >= whole.length) break
        assert.lengthOf(page, size, operation)
      }
      assert.deepStrictEqual(pages.slice(0, whole.length), whole, operation)
    }
  })

  it("is there wherever offset and limit are, and nowhere else", () => {
    for (const [operation, { more }] of judge.paged) {
      assert.include(judge.all, operation)
      assert.strictEqual(more, "$response.header.query-has-more")
    }
    assert.deepStrictEqual(
      judge.all.filter((operation) => operation.endsWith("_filter") && !judge.paged.has(operation)),
      []
    )
  })
})

describe("the document", () => {
  it("has no operation beside planning that was not answered above with success and found valid", () => {
    assert.deepStrictEqual(
      unanswered((tag) => !planning.includes(tag)),
      []
    )
  })
})
