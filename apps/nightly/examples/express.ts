/**
 * A web server with Express, between a browser and Bench. One session serves all requests: the credentials stay here, and
 * however many people ask at once, there is one sign-in and one renewal.
 *
 *     BENCH_LOGIN=… BENCH_PASSWORD=… PORT=3000 node examples/express.ts
 */
import { once } from "node:events"
import { contract } from "@keyturn/bench"
import { connect, isSessionError } from "@keyturn/client"
import express, { type ErrorRequestHandler } from "express"

const { BENCH_LOGIN = "", BENCH_PASSWORD = "", BENCH_URL = "https://bench.gobridgit.com", PORT = "3000" } = process.env

await using bench = await connect(contract, {
  baseUrl: BENCH_URL,
  credentials: { login: BENCH_LOGIN, password: BENCH_PASSWORD }
})

const app = express()

app.get("/projects/:accountId", async (request, response) => {
  const {
    data,
    error,
    response: answer
  } = await bench.GET("/rp/api/v1/accounts/{accountId}/Projects", {
    params: { path: { accountId: Number(request.params.accountId) }, query: { limit: 20 } }
  })
  if (data === undefined) response.status(answer.status).json(error)
  else response.json(data.map(({ id, name, state }) => ({ id, name, state })))
})

/** For a load balancer: state holds no secret. */
app.get("/healthz", (_, response) => {
  response.json(bench.session.state)
})

const onError: ErrorRequestHandler = (error, _request, response, next) => {
  if (!isSessionError(error)) return next(error)
  console.error(`${error._tag}: ${error.message}`)
  response.status(502).json({ message: "Bench cannot be reached in your name just now." })
}
app.use(onError)

const server = app.listen(Number(PORT), "127.0.0.1")
await once(server, "listening")
console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`)

await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")])
server.close()
// The end of the module leaves the scope, and that signs out.
