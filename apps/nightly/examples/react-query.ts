/**
 * openapi-react-query on a connected client. React renders on the server here, so that the credentials stay there; the hooks
 * are those of any page, typed by the API's own paths.
 *
 *     BENCH_LOGIN=… BENCH_PASSWORD=… node examples/react-query.ts > projects.html
 */
import { text } from "node:stream/consumers"
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import createQueries from "openapi-react-query"
import { createElement as h, Suspense } from "react"
import { renderToReadableStream } from "react-dom/server"

const { BENCH_LOGIN = "", BENCH_PASSWORD = "", BENCH_URL = "https://bench.gobridgit.com" } = process.env

await using bench = await connect(contract, {
  baseUrl: BENCH_URL,
  credentials: { login: BENCH_LOGIN, password: BENCH_PASSWORD }
})
const api = createQueries(bench)

const Accounts = () => {
  const { data } = api.useSuspenseQuery("get", "/rp/api/v1/Accounts")
  return data.map(({ id, name }) => h("section", { key: id }, h("h2", null, name), h(Projects, { accountId: id })))
}

const Projects = ({ accountId }: { accountId: number }) => {
  const { data } = api.useSuspenseQuery("get", "/rp/api/v1/accounts/{accountId}/Projects", {
    params: { path: { accountId }, query: { limit: 5 } }
  })
  return h(
    "ul",
    null,
    data.map(({ id, name }) => h("li", { key: id }, name))
  )
}

const page = h(QueryClientProvider, { client: new QueryClient() }, h(Suspense, { fallback: "Reading …" }, h(Accounts)))
const stream = await renderToReadableStream(page)
await stream.allReady
console.log(await text(stream))
