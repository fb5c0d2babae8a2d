import { createHmac } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Readable } from "node:stream"
import { assert, describe, it } from "@effect/vitest"
import type { components } from "@keyturn/bits/types"
import { allura, bits } from "@keyturn/simulators"
import { webhook } from "../src/webhook.ts"

type BitsEvent = components["schemas"]["WebhookEvent"]

/** A server that gives what is posted to it to a receiver. */
const listen = async (receive: (request: Request) => Promise<Response>) => {
  const answers: Array<number> = []
  const server = createServer(async (incoming, outgoing) => {
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method ?? "GET",
      headers: incoming.headers as Record<string, string>,
      body: Readable.toWeb(incoming) as ReadableStream,
      duplex: "half"
    } as RequestInit)
    const { status } = await receive(request).catch(() => new Response(null, { status: 500 }))
    answers.push(status)
    outgoing.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    answers,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve()))
  }
}

const secret = "shared & secret"
const body = JSON.stringify({ eventId: "1", event: { type: "APPLICATION_STARTED" } })
const sign = (text: string, hash = "sha256") => createHmac(hash, secret).update(text).digest("base64")
const post = (text: string, signature?: string, header = "content-hmac") =>
  new Request("https://shop.example/hook", {
    method: "POST",
    body: text,
    headers: signature === undefined ? {} : { [header]: signature }
  })

describe("a webhook", () => {
  it.each([
    ["sha256", "SHA-256"],
    ["sha512", "SHA-512"],
    ["sha1", "SHA-1"]
  ] as const)(
    "takes what Bits signs with %s, and handles an event once, however many copies come",
    async (webhookHash, hash) => {
      const events: Array<BitsEvent> = []
      await using hook = await listen(webhook<BitsEvent>({ secret, hash }, (event) => void events.push(event)))
      await using server = await bits.listen({
        webhook: { url: hook.url, secret, copies: 3 },
        switches: { webhookHash }
      })
      const [application] = server.applications()
      await server.decide(application?.id ?? "", "APPROVED")
      await server.decide(application?.id ?? "", "DECLINED")
      assert.deepStrictEqual(hook.answers, [200, 200, 200, 200, 200, 200])
      assert.deepStrictEqual(
        events.map(({ event }) => event.type),
        ["APPLICATION_APPROVED", "APPLICATION_DECLINED"]
      )
      assert.strictEqual(events[0]?.event.applicationId, application?.id)
    }
  )

  it("takes what Allura signs: hexadecimal, with the hash before it", async () => {
    const events: Array<{ readonly size: number }> = []
    const options = { secret, header: "x-allura-signature", hash: "SHA-1", encoding: "hex", prefix: "sha1=" } as const
    await using hook = await listen(webhook<{ readonly size: number }>(options, (event) => void events.push(event)))
    await using server = await allura.listen()
    const installed = await fetch(`${server.url}/rest/p/scaffold/admin/install_tool`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.credentials.bearer}` },
      body: new URLSearchParams({ tool: "git", mount_point: "hooked", mount_label: "Hooked" })
    })
    assert.include(await installed.text(), '"success":true')
    const made = await fetch(`${server.url}/rest/p/scaffold/admin/hooked/webhooks/repo-push`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.credentials.bearer}` },
      body: new URLSearchParams({ url: hook.url, secret })
    })
    assert.strictEqual(made.status, 201)
    await server.push("scaffold", "hooked", ["c0ffee"])
    assert.deepStrictEqual(hook.answers, [200])
    assert.deepStrictEqual(
      events.map(({ size }) => size),
      [1]
    )
  })

  it("refuses a signature that is missing, wrong, not one, or of another body, before it reads the body", async () => {
    let calls = 0
    const receive = webhook({ secret }, () => void calls++)
    const wrong = [
      undefined,
      "",
      "not base64!",
      sign(`${body} `),
      sign(body).slice(0, -4),
      createHmac("sha256", "other").update(body).digest("base64"),
      createHmac("sha256", secret).update(body).digest("hex")
    ]
    for (const signature of wrong) assert.strictEqual((await receive(post(body, signature))).status, 401, signature)
    assert.strictEqual((await receive(post("no json", sign(body)))).status, 401)
    assert.strictEqual(calls, 0)
  })

  it("checks the bytes as they came: the same JSON in another spelling has another signature", async () => {
    const receive = webhook({ secret }, () => {})
    const spaced = `${body.replace(":", " : ")}\n`
    assert.strictEqual((await receive(post(spaced, sign(spaced)))).status, 200)
    assert.strictEqual((await receive(post(spaced, sign(body)))).status, 401)
  })

  it("lets the next try through when handling failed, also for a copy that was waiting", async () => {
    let calls = 0
    let copiesSeen = 0
    let allThere = () => {}
    const gate = new Promise<void>((resolve) => {
      allThere = resolve
    })
    const id = () => {
      if (++copiesSeen === 3) allThere()
      return "1"
    }
    const receive = webhook({ secret, id }, async () => {
      await gate
      if (++calls === 1) throw new Error("the database is down")
    })
    const copies = await Promise.allSettled([1, 2, 3].map(() => receive(post(body, sign(body)))))
    // Which of them is the first is up to the threads that verify signatures.
    assert.deepStrictEqual(copies.map(({ status }) => status).sort(), ["fulfilled", "fulfilled", "rejected"])
    assert.strictEqual(calls, 2)
  })

  it("handles events without a name each time, and forgets the oldest names", async () => {
    const handled: Array<unknown> = []
    const receive = webhook(
      { secret, remember: 2 },
      (event) => void handled.push((event as { eventId?: string }).eventId)
    )
    const send = (event: object) => receive(post(JSON.stringify(event), sign(JSON.stringify(event))))
    for (const event of [
      {},
      {},
      { eventId: "a" },
      { eventId: "b" },
      { eventId: "c" },
      { eventId: "c" },
      { eventId: "a" }
    ])
      assert.strictEqual((await send(event)).status, 200)
    assert.deepStrictEqual(handled, [undefined, undefined, "a", "b", "c", "a"])
  })

  it("answers other methods, bodies that are too large, and bodies that are no JSON", async () => {
    const receive = webhook({ secret, limit: 100 }, () => {})
    assert.strictEqual((await receive(new Request("https://shop.example/hook"))).status, 405)
    assert.strictEqual((await receive(post("x".repeat(101), sign("x".repeat(101))))).status, 413)
    assert.strictEqual((await receive(post("no json", sign("no json")))).status, 400)
  })

  it("refuses an empty secret: it would take what anybody signs", () => {
    assert.throws(() => webhook({ secret: "" }, () => {}), /empty/)
  })
})
