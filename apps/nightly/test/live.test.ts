/** The live page: what it makes of events, who may talk to its server, and the whole of it in a real browser. */
import { connect as dial, type Socket } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { allura, bench, bits, pink } from "@keyturn/simulators"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Browser, Page } from "playwright-core"
import { type LiveEvent, makeFeed } from "../src/live/feed.ts"
import { live } from "../src/live/live.ts"
import { perSecond } from "../src/live/page/rate.ts"
import { initial, next, type State } from "../src/live/page/state.ts"
import { serve } from "../src/live/server.ts"
import { makeRunEvents, RunEventsService } from "../src/run-events.ts"
import type { Kind } from "../src/timeline.ts"
import { barriers, hasChromium, launch } from "./support/chromium.ts"
import { scratch, start } from "./support/program.ts"

const started = (at: number): LiveEvent => ({
  _tag: "RunStarted",
  at,
  run: "r",
  workers: 1,
  steps: ["bench", "bits"],
  credentials: [
    { api: "bench", how: "password" },
    { api: "bits", how: "client credentials" }
  ],
  resumed: false
})

const happened = (at: number, kind: Kind, generation: number, text: string = kind): LiveEvent => ({
  _tag: "Session",
  at,
  api: "bench",
  process: 0,
  entry: { at, kind, generation, text, times: 1 }
})

const after = (...events: ReadonlyArray<LiveEvent>): State => events.reduce(next, initial)

describe("what the live page shows", () => {
  it("is how far each step of the present run is, and begins again with the next one", () => {
    const progress: LiveEvent = { _tag: "StepProgress", at: 2, step: "bench", done: 3, expected: 9, text: "people" }
    const half = after(started(0), { _tag: "StepStarted", at: 1, step: "bench" }, progress)
    const [bench, allura] = half.steps
    assert.deepStrictEqual([bench?.status, bench?.done, bench?.expected], ["running", 3, 9])
    assert.strictEqual(allura?.status, "skipped")
    const again = next(half, started(9))
    assert.deepStrictEqual([again.runs, again.steps[0]?.status, again.steps[0]?.done], [2, "waiting", 0])
  })

  it("keeps a session's line from run to run, and counts requests that were sent again as one thing", () => {
    const state = after(
      started(0),
      happened(1, "signed-in", 1),
      happened(5, "sent-again", 2),
      happened(6, "sent-again", 2),
      started(9)
    )
    assert.deepStrictEqual(
      state.lines[0]?.moments.map(({ kind, times }) => [kind, times]),
      [
        ["signed-in", 1],
        ["sent-again", 2]
      ]
    )
    assert.deepStrictEqual(
      state.log.map(({ text }) => text),
      ["run 1 began", "bench: signed-in", "bench: sent-again", "run 2 began"]
    )
  })

  it("forgets what is long past, but not the token that is in use since", () => {
    const state = after(started(0), happened(1, "signed-in", 1), happened(2, "refused", 1), happened(3, "signed-in", 2))
    const later = next(state, happened(10 * 60_000, "refused", 2))
    assert.deepStrictEqual(
      later.lines[0]?.moments.map(({ generation, kind }) => [kind, generation]),
      [
        ["signed-in", 2],
        ["refused", 2]
      ]
    )
  })

  it("counts requests by the second, and those that were refused", () => {
    const request = (at: number, status: number): LiveEvent => ({
      _tag: "Request",
      at,
      api: "bits",
      process: 0,
      status,
      took: 1
    })
    const state = after(request(1000, 200), request(1999, 401), request(2000, 200))
    assert.deepStrictEqual([perSecond(state, 2500), perSecond(state, 3500), perSecond(state, 9000)], [2, 1, 0])
    assert.deepStrictEqual([state.requests, state.refused], [3, 1])
  })
})

/** A served page with one button, and what it was pressed. */
const served = Effect.gen(function* () {
  const feed = makeFeed()
  const pressed = { times: 0 }
  const url = yield* serve({
    files: { "/": ["text/html", "<p>page</p>"] },
    feed,
    actions: { expire: () => void pressed.times++ }
  })
  return { feed, pressed, url: new URL(url) }
})

/** A request as it is, whatever a `fetch` would make of its headers; the status of the answer. */
const raw = (url: URL, head: ReadonlyArray<string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = dial(Number(url.port), url.hostname)
    socket.once("error", reject).once("data", (data) => {
      resolve(Number(String(data).slice(9, 12)))
      socket.destroy()
    })
    socket.write(`${[...head, "connection: close"].join("\r\n")}\r\n\r\n`)
  })

describe("the live page's server", () => {
  it.live("does what a button asks only when its own page asks", () =>
    Effect.gen(function* () {
      const { pressed, url } = yield* served
      const post = (...headers: ReadonlyArray<string>) =>
        Effect.promise(() => raw(url, ["POST /do/expire HTTP/1.1", "content-length: 0", ...headers]))
      const host = `host: ${url.host}`
      assert.strictEqual(yield* post(host), 403)
      assert.strictEqual(yield* post(host, "origin: https://evil.example"), 403)
      assert.strictEqual(yield* post(host, "origin: null"), 403)
      // A name of somebody else's that points here (DNS rebinding).
      assert.strictEqual(yield* post("host: evil.example", "origin: http://evil.example"), 421)
      assert.strictEqual(pressed.times, 0)
      assert.strictEqual(yield* post(host, `origin: http://${url.host}`), 204)
      assert.strictEqual(pressed.times, 1)
    }).pipe(Effect.scoped)
  )

  it.live("serves what it has to this machine, lets nobody frame or read it, and knows nothing else", () =>
    Effect.gen(function* () {
      const { url } = yield* served
      assert.strictEqual(url.hostname, "127.0.0.1")
      const page = yield* Effect.promise(() => fetch(url))
      assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'.*frame-ancestors 'none'/)
      assert.strictEqual(page.headers.get("access-control-allow-origin"), null)
      assert.strictEqual(yield* Effect.promise(() => page.text()), "<p>page</p>")
      const host = `host: ${url.host}`
      const status = (line: string, ...more: ReadonlyArray<string>) =>
        Effect.promise(() => raw(url, [line, host, ...more]))
      assert.strictEqual(yield* status("GET /events HTTP/1.1"), 200)
      assert.strictEqual(yield* status("GET /constructor HTTP/1.1"), 404)
      assert.strictEqual(yield* status("PUT / HTTP/1.1"), 405)
      assert.strictEqual(yield* status("POST /do/toString HTTP/1.1", `origin: http://${url.host}`), 404)
      assert.strictEqual(yield* Effect.promise(() => raw(url, ["GET /events HTTP/1.1", "host: evil.example"])), 421)
    }).pipe(Effect.scoped)
  )

  it.live("tells a late page what was before, and ends every connection with its scope (I8)", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.gen(function* () {
        const { feed, url } = yield* served
        feed.emit({ _tag: "Intervened", at: 1, text: "before" })
        const answer = yield* Effect.promise(() => fetch(new URL("/events", url)))
        const reader = (answer.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader()
        yield* Effect.promise(feed.followed)
        feed.emit({ _tag: "Intervened", at: 2, text: "after" })
        let text = ""
        while (!text.includes("after")) {
          const { value } = yield* Effect.promise(() => reader.read())
          text += new TextDecoder().decode(value)
        }
        assert.match(text, /^event: reset\ndata:\n\ndata: .*before.*\n\ndata: .*after.*\n\n$/)
        return reader.closed.then(
          () => "ended",
          () => "ended"
        )
      }).pipe(Effect.scoped)
      assert.strictEqual(yield* Effect.promise(() => gone), "ended")
    })
  )

  it.live("lets go a page that does not read, before it fills the memory", () =>
    Effect.gen(function* () {
      const { feed, url } = yield* served
      const socket = yield* Effect.promise(
        () =>
          new Promise<Socket>((resolve) => {
            const opened = dial(Number(url.port), url.hostname, () => resolve(opened.pause()))
          })
      )
      const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()))
      socket.on("error", () => {})
      socket.write(`GET /events HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`)
      yield* Effect.promise(feed.followed)
      const text = "x".repeat(2 ** 18)
      for (let i = 0; i < 100; i++) {
        feed.emit({ _tag: "Intervened", at: i, text })
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      socket.resume()
      yield* Effect.promise(() => gone)
    }).pipe(Effect.scoped)
  )
})

describe("the live page of real services", () => {
  it.live("has no buttons, waits for somebody to look, and asks the services once", () =>
    Effect.gen(function* () {
      let runs = 0
      const ran = yield* Deferred.make<void>()
      const once = Effect.andThen(
        Effect.sync(() => runs++),
        Deferred.succeed(ran, undefined)
      )
      const lines: Array<string> = []
      const log = console.error
      console.error = (line: string) => lines.push(line)
      const fiber = yield* Effect.forkChild(live(once, {}), { startImmediately: true })
      while (lines.length === 0) yield* Effect.sleep("10 millis")
      console.error = log
      const url = /http:\S+/.exec(lines[0] ?? "")?.[0] ?? ""
      const page = yield* Effect.promise(async () => (await fetch(url)).text())
      assert.notInclude(page, "data-do")
      assert.strictEqual(runs, 0)
      const events = yield* Effect.promise(() => fetch(new URL("/events", url)))
      yield* Deferred.await(ran)
      yield* Effect.sleep("20 millis")
      assert.strictEqual(runs, 1)
      yield* Effect.promise(() => events.body?.cancel() ?? Promise.resolve())
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.scoped, Effect.provideService(RunEventsService, makeRunEvents()))
  )
})

/** What is secret in a text: what the simulators take, and what they give out, which begins with their name. */
const leaks = (text: string): ReadonlyArray<string> => {
  const name = /"(?:password|\w*[sS]ecret|token|bearer|personalAccessToken)":"([^"]+)"/g
  const taken = [bench, allura, bits, pink].flatMap((service) => [
    ...JSON.stringify(service.create().credentials).matchAll(name)
  ])
  const given = text.match(/\b(?:bench|bits|pink)-(?:\w+\.)?[\w~+/-]{20,}/g) ?? []
  return [...given, ...taken.map(([, secret]) => secret as string).filter((secret) => text.includes(secret))]
}

/** What a page that comes now is told, up to these words. */
const toldUntil = async (url: string, words: string): Promise<string> => {
  const answer = await fetch(new URL("/events", url))
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of answer.body as ReadableStream<Uint8Array<ArrayBuffer>>) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes(words)) break
  }
  return text
}

describe.skipIf(!hasChromium())("pnpm demo --live in a real browser", { timeout: 120_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  /** Which token Bench is signed in with, by the words above the timeline. */
  const token = async (page: Page): Promise<number> => {
    const text = page.locator("#health li", { hasText: "bench" }).filter({ hasText: "signed in, token" })
    return Number(/token (\d+)/.exec((await text.textContent()) ?? "")?.[1])
  }
  const marks = (page: Page) => page.locator("#timeline svg title").allTextContents()

  it("follows the run, heals before one's eyes when a button gets in its way, tells no secret (I7), and ends with Ctrl-C", async () => {
    using folder = scratch()
    const { child, ended } = start(["--live", "--out", folder.path])
    const url = await new Promise<string>((resolve, reject) => {
      let text = ""
      child.stderr?.on("data", (chunk) => {
        text += chunk
        const found = /http:\/\/127\S+/.exec(text)
        if (found !== null) resolve(found[0])
      })
      child.once("close", () => reject(new Error(text)))
    })
    try {
      const page = await browser.newPage({ colorScheme: "light" })
      page.setDefaultTimeout(60_000)
      const complaints: Array<string> = []
      page.on("console", (message) => complaints.push(message.text()))
      page.on("pageerror", (error) => complaints.push(String(error)))
      await page.goto(url)
      const log = page.getByRole("log", { name: "What happened" })
      await log.getByText("publish done").first().waitFor()
      assert.strictEqual(await page.locator("#steps .step").count(), 4)
      assert.isAbove(Number(await page.locator("#total").textContent()), 20)

      const first = await token(page)
      await page.getByRole("button", { name: "Expire Bench's token" }).focus()
      await page.keyboard.press("Enter")
      await log.getByText("you let the token expire").waitFor()
      await log.getByText("bench: renewed after the refusal").first().waitFor()
      await page
        .locator("#timeline svg title", { hasText: "renewed after the refusal" })
        .first()
        .waitFor({ state: "attached" })
      assert.match((await marks(page)).join(), /refused the token \(401\).*renewed after the refusal.*sent again/)
      const second = await token(page)
      assert.isAbove(second, first)

      await page.keyboard.press("Tab")
      assert.strictEqual(await page.locator(":focus").textContent(), "Sign in as a stranger")
      await page.keyboard.press("Space")
      await log.getByText("you signed in as a stranger").waitFor()
      const signIns = () => log.getByText("bench: signed in").count()
      await log.getByText("bench: signed in").nth(1).waitFor()
      assert.strictEqual(await signIns(), 2)
      await page.locator("#health li", { hasText: "bench" }).getByText("signed in, token").waitFor()
      assert.isAbove(await token(page), second)
      assert.match((await marks(page)).join(), /ended the session before its time/)
      assert.strictEqual(await page.locator("#timeline .note-line").count(), 2)

      assert.deepStrictEqual(leaks(await toldUntil(url, "you signed in as a stranger")), [])
      assert.deepStrictEqual(leaks(folder.read("report.html")), [])

      const late = await browser.newPage({ colorScheme: "dark" })
      await late.goto(url)
      await late.getByRole("log").getByText("you let the token expire").waitFor()
      await page.getByRole("button", { name: "Hold the pictures" }).click()
      assert.deepStrictEqual(await barriers(page), [])
      assert.deepStrictEqual(await barriers(late, ["color-contrast"]), [])
      const held = await page.locator("#timeline").innerHTML()
      const begun = await log.getByText("began").count()
      await log.getByText("began").nth(begun).waitFor()
      assert.strictEqual(await page.locator("#timeline").innerHTML(), held)
      assert.deepStrictEqual(complaints, [])
    } finally {
      child.kill("SIGINT")
    }
    const { code, stdout } = await ended
    assert.strictEqual(code, 130)
    assert.strictEqual(stdout, "")
  })
})
