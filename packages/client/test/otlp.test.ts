import { spawn } from "node:child_process"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { bench } from "@keyturn/simulators"

/** A server that answers with what `answer` makes of a request and its body. */
const listen = async (answer: (request: IncomingMessage, body: string) => Promise<Response> | Response) => {
  const server = createServer(async (request, response) => {
    const made = await answer(request, await text(request))
    response.writeHead(made.status, { "content-type": made.headers.get("content-type") ?? "application/json" })
    response.end(await made.text())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve()))
  }
}

/** A collector that keeps what it is sent, by signal. */
const collector = async () => {
  const bodies: Record<string, Array<string>> = {}
  const server = await listen((request, body) => {
    const kept = bodies[request.url ?? ""] ?? []
    bodies[request.url ?? ""] = kept
    kept.push(body)
    return new Response("{}")
  })
  return { ...server, bodies }
}

/** The service, seen through a proxy that keeps the tokens that it gives. */
const watched = async () => {
  const service = await bench.listen()
  const tokens: Array<string> = []
  const proxy = await listen(async ({ headers, method, url }, body) => {
    const { authorization, "content-type": type } = headers
    const response = await fetch(`${service.url}${url}`, {
      ...(method !== undefined && { method }),
      headers: {
        ...(authorization !== undefined && { authorization }),
        ...(type !== undefined && { "content-type": type })
      },
      ...(method !== "GET" && { body })
    })
    if (url === "/auth/signin") {
      const { access_token, refresh_token } = (await response.clone().json()) as Record<string, string>
      tokens.push(access_token as string, refresh_token as string)
    }
    return response
  })
  return { ...proxy, tokens, credentials: service.credentials, close: () => proxy.close().then(() => service.close()) }
}

interface Attribute {
  readonly key: string
  readonly value: Record<string, string | number>
}
interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: ReadonlyArray<Attribute>
}

const attributesOf = ({ attributes }: Span) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

describe("the OTLP example", () => {
  it("sends spans, metrics and logs to a collector, and no secret (I7)", async () => {
    const server = await watched()
    const { bodies, close, url } = await collector()
    const { login, password } = server.credentials.service
    const script = fileURLToPath(new URL("examples/otlp.ts", import.meta.url))
    const child = spawn(process.execPath, [script], {
      env: {
        PATH: process.env.PATH,
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        BENCH_URL: server.url,
        BENCH_LOGIN: login,
        BENCH_PASSWORD: password
      }
    })
    let printed = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8")
      stream.on("data", (chunk: string) => {
        printed += chunk
      })
    }
    const code = await new Promise((resolve) => child.on("exit", resolve))
    await server.close()
    await close()
    assert.strictEqual(code, 0, printed)

    const spans = (bodies["/v1/traces"] ?? []).flatMap((body) =>
      (JSON.parse(body).resourceSpans as ReadonlyArray<{ scopeSpans: ReadonlyArray<{ spans: ReadonlyArray<Span> }> }>)
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans)
    )
    const named = (name: string) => spans.filter((span) => span.name === name)
    const [signIn] = named("keyturn.signIn")
    assert.deepStrictEqual(attributesOf(signIn as Span), { "keyturn.api": "bench", "keyturn.scheme": "session" })
    assert.strictEqual(named("keyturn.signOut").length, 1)
    const sent = named("POST").find(({ parentSpanId }) => parentSpanId === signIn?.spanId)
    assert.deepStrictEqual(attributesOf(sent as Span), {
      "http.request.method": "POST",
      "server.address": "127.0.0.1",
      "server.port": server.port,
      "url.full": `${server.url}/auth/signin`,
      "http.response.status_code": 200
    })

    const metrics = (bodies["/v1/metrics"] ?? []).join("\n")
    for (const name of ["sign_ins", "sign_outs", "call.duration", "wait.duration"]) {
      assert.include(metrics, `"keyturn.session.${name}"`)
    }
    const logs = (bodies["/v1/logs"] ?? []).join("\n")
    for (const line of ["keyturn: SignedIn", "keyturn: SignedOut", "keyturn: Closed"]) assert.include(logs, line)

    const everything = [printed, ...Object.values(bodies).flat()].join("\n")
    const secrets = [password, ...server.tokens]
    assert.strictEqual(secrets.length, 3)
    for (const secret of secrets) assert.notInclude(everything, secret)
    // Metrics are for everybody who runs the program: they name no account.
    assert.notInclude(metrics, login)
  }, 60_000)
})
