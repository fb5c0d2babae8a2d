/**
 * ky, kept signed in: its hooks, its retries and its `json()` work as ever, and a token is never part of them. The session
 * answers a 401 before ky sees it.
 *
 *     BENCH_LOGIN=… BENCH_PASSWORD=… node examples/ky.ts
 */
import { contract } from "@keyturn/bench"
import type { components } from "@keyturn/bench/types"
import { connect } from "@keyturn/client"
import ky from "ky"

type Schemas = components["schemas"]

const { BENCH_LOGIN = "", BENCH_PASSWORD = "", BENCH_URL = "https://bench.gobridgit.com" } = process.env

await using bench = await connect(contract, {
  baseUrl: BENCH_URL,
  credentials: { login: BENCH_LOGIN, password: BENCH_PASSWORD }
})

const api = ky.create({ baseUrl: `${BENCH_URL}/rp/api/v1/`, fetch: bench.session.fetch, timeout: 20_000 })

for (const { id, name } of await api.get("Accounts").json<Array<Schemas["Account"]>>()) {
  const projects = await api
    .get(`accounts/${id}/Projects`, { searchParams: { limit: 5 } })
    .json<Array<Schemas["Project"]>>()
  console.log(`${name}: ${projects.map((project) => project.name).join(", ")}`)
}
