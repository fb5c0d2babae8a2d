/**
 * Testing your own code with MSW and a simulator: the code keeps the vendor's URL, MSW catches what it sends, and the
 * simulator answers as the vendor would, sign-in and single-use refresh tokens included. Nothing listens on a port.
 *
 *     node --test examples/msw.ts
 */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import { bench as simulator } from "@keyturn/simulators"
import { http } from "msw"
import { setupServer } from "msw/node"

const bench = simulator.create()
const vendor = setupServer(http.all("https://bench.gobridgit.com/*", ({ request }) => bench.fetch(request)))

before(() => vendor.listen({ onUnhandledFrame: "error" }))
after(() => vendor.close())

/** The code under test: it knows nothing of MSW. */
const firstProject = async (credentials: { readonly login: string; readonly password: string }) => {
  await using client = await connect(contract, { credentials })
  const projects = () =>
    client.GET("/rp/api/v1/accounts/{accountId}/Projects", { params: { path: { accountId: 1 }, query: { limit: 1 } } })
  const { data: before } = await projects()
  // A day without a request ends a session of Bench; the session has to see that for itself.
  bench.clock.advance({ hours: 25 })
  const { data: after } = await projects()
  return [before?.[0]?.name, after?.[0]?.name] as const
}

test("a day later the first project is still the first project", async () => {
  const [before, after] = await firstProject(bench.credentials.service)
  assert.ok(before)
  assert.equal(after, before)
  const { liveSessions, rejected, signIns, signOuts } = bench.stats()
  assert.deepEqual({ liveSessions, signIns, signOuts }, { liveSessions: 0, signIns: 1, signOuts: 1 })
  assert.equal(rejected.total, 1)
})
