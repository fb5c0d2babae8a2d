import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/allura"
import { memoryStore, type SessionEvent } from "@keyturn/client"
import { oauth1, outOfBand } from "../src/index.ts"
import { atHome, click, connectTo, endpoints, refusal, type Started, start } from "./support/setting.ts"

const project = { neighborhood: "p", project: "scaffold" } as const
const form = { "content-type": "application/x-www-form-urlencoded" } as const

type Allura = Awaited<ReturnType<typeof connectTo>>

/** Asks what only an administrator may ask, with a query that is easily encoded wrong. */
const isAdmin = async (api: Allura): Promise<number> => {
  const query = { user: "dana", perm: "admin", "x!*'()": "a b+c~é&=%" } as unknown as { user: string; perm: "admin" }
  const path = "/rest/{neighborhood}/{project}/has_access"
  const { data, response } = await api.GET(path, { params: { path: project, query } })
  if (response.ok) assert.deepStrictEqual(data, { result: true })
  return response.status
}

const nonceOf = (authorization: string | null) => /oauth_nonce="(\w+)"/.exec(authorization ?? "")?.[1]

const madeToken = ({ server }: Started) => server.credentials.oauth1

describe("OAuth 1.0a with Allura", () => {
  it("a person clicks, comes back to this machine, and requests are signed: GET, form POST, and a redirect's next", async () => {
    await using at = await start()
    const { grant, opened, pages } = atHome(at)
    await using api = await connectTo(at, { grant })
    assert.strictEqual(opened.length, 1)
    assert.include(await pages[0], "You are signed in")
    assert.strictEqual(await isAdmin(api), 200)
    const saved = await api.POST("/rest/{neighborhood}/{project}/{tool}/{artifact}", {
      params: { path: { ...project, tool: "wiki", artifact: "Signed" } },
      headers: form,
      body: { text: "a=1&b=2 + ü ~ !*'() \n %41 🔑" } as never
    })
    assert.strictEqual(saved.response.status, 200)
    const made = await api.POST("/rest/{neighborhood}/{project}/{tool}/new", {
      params: { path: { ...project, tool: "tickets" } },
      headers: form,
      body: { "ticket_form.summary": "Signed & sealed", "ticket_form.description": "a+b" } as never
    })
    assert.strictEqual(made.response.status, 200)
    const { consents, rejected, signIns } = at.server.stats()
    assert.deepStrictEqual([consents, signIns, rejected.total], [1, 1, 0])
    // X5: every sending has a nonce of its own, those of the dance and of the redirect too.
    const nonces = at.sent.map(({ authorization }) => nonceOf(authorization))
    assert.isAtLeast(nonces.length, 6)
    assert.notInclude(nonces, undefined)
    assert.strictEqual(new Set(nonces).size, nonces.length)
  })

  it("X4: a plain signed fetch signs forms of every kind of body, and no other body", async () => {
    await using at = await start()
    await using api = await connectTo(at, { grant: oauth1(madeToken(at)) })
    const url = `${at.server.url}/rest/p/scaffold/wiki/Signed?q=1`
    const text = "text=a+b%20c&labels=x&labels=y"
    const bodies: ReadonlyArray<() => RequestInit | Request> = [
      () => ({ method: "POST", headers: form, body: text }),
      () => ({ method: "POST", body: new URLSearchParams(text) }),
      () => ({ method: "POST", headers: form, body: new TextEncoder().encode(text) }),
      () => ({ method: "POST", headers: form, body: new Blob([text]).stream(), duplex: "half" }),
      () => new Request(url, { method: "POST", headers: form, body: text })
    ]
    for (const body of bodies) {
      const given = body()
      const response = await (given instanceof Request ? api.session.fetch(given) : api.session.fetch(url, given))
      assert.strictEqual(response.status, 200)
    }
    // Nothing is there to be posted as JSON, but what is answered is not 401: the signature is right without the body.
    const other = await api.session.fetch(url, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: text
    })
    assert.notStrictEqual(other.status, 401)
    assert.strictEqual(at.server.stats().rejected.total, 0)
  })

  it.each(["HMAC-SHA1", "HMAC-SHA256"] as const)(
    "a token made beforehand needs nobody: %s",
    async (signatureMethod) => {
      await using at = await start()
      await using api = await connectTo(at, { grant: oauth1({ ...madeToken(at), signatureMethod }) })
      assert.strictEqual(await isAdmin(api), 200)
      assert.include(at.sent[0]?.authorization, `oauth_signature_method="${signatureMethod}"`)
      assert.strictEqual(at.server.stats().consents, 0)
    }
  )

  it("a person who gets a PIN types it in", async () => {
    await using at = await start()
    const callback = outOfBand(async (url) => ` ${/<code>(\w+)<\/code>/.exec(await click(url))?.[1]}\n`)
    await using api = await connectTo(at, { grant: oauth1({ ...at.consumer, ...endpoints, callback }) })
    assert.strictEqual(await isAdmin(api), 200)
  })

  it("a PIN that is wrong is refused, and says what to do", async () => {
    await using at = await start()
    const callback = outOfBand(async (url) => {
      await click(url)
      return "wrong"
    })
    const error = await refusal(connectTo(at, { grant: oauth1({ ...at.consumer, ...endpoints, callback }) }))
    assert.strictEqual(error._tag, "SignInRejected")
    assert.include(error.message, "PIN")
  })

  it("a web application signs in, in two halves, once", async () => {
    await using at = await start()
    const signIn = oauth1({ ...at.consumer, ...endpoints, callback: "https://app.example/back?x=1" })
    const begun = await signIn.begin(contract, { baseUrl: at.server.url })
    const pending = JSON.parse(JSON.stringify(begun.pending))
    const page = await (await fetch(begun.url)).text()
    const ticket = /name="ticket" value="([^"]+)"/.exec(page)?.[1] ?? ""
    const body = new URLSearchParams({ ticket, yes: "x" })
    const answer = await fetch(new URL("/rest/oauth/do_authorize", begun.url), {
      method: "POST",
      body,
      redirect: "manual"
    })
    const came = answer.headers.get("location") ?? ""
    assert.include(came, "https://app.example/back?x=1&oauth_token=")
    // Somebody else's callback answers nothing here, and nothing is exchanged for it.
    const stolen = new URL(came)
    stolen.searchParams.set("oauth_token", "another")
    const error = await refusal(connectTo(at, { grant: signIn.complete(stolen, pending) }))
    assert.strictEqual(error._tag, "SignInRejected")
    assert.include(error.message, "does not answer this sign-in")
    assert.strictEqual(at.sent.length, 0)
    const second = signIn.complete(came.slice("https://app.example".length), pending)
    const api = await connectTo(at, { grant: second })
    assert.strictEqual(await isAdmin(api), 200)
    await api[Symbol.asyncDispose]()
    const again = await refusal(connectTo(at, { grant: second }))
    assert.include(again.message, "used already")
    // Without complete() there is nobody to ask.
    const nobody = await refusal(connectTo(at, { grant: signIn }))
    assert.include(nobody.message, "begin()")
  })

  it("a wrong consumer secret is refused at the first step, with what to check and no secret in it", async () => {
    await using at = await start()
    const { grant, opened } = atHome({ ...at, consumer: { ...at.consumer, consumerSecret: "not&this" } })
    const error = await refusal(connectTo(at, { grant }))
    assert.strictEqual(error._tag, "SignInRejected")
    assert.strictEqual(error.status, 401)
    assert.include(error.message, "consumerSecret")
    assert.notInclude(error.message, "login and the password")
    assert.notInclude(inspect(error, { depth: 9 }), "not&this")
    assert.deepStrictEqual(opened, [])
    // Nothing says that our clock is wrong, so nothing is tried twice.
    assert.strictEqual(at.sent.length, 1)
  })

  it("a person who refuses is not waited for for ever, on a server that says nothing of it", async () => {
    await using at = await start()
    const { grant } = atHome(at, { choice: "no", timeout: "300 millis" })
    const error = await refusal(connectTo(at, { grant }))
    assert.strictEqual(error._tag, "SignInRejected")
    assert.include(error.message, "Nobody came back")
  })

  it("a callback that says no, or is not for this sign-in, is told apart", async () => {
    await using at = await start()
    const statuses: Array<number> = []
    const { grant } = atHome(at, {
      open: async (url) => {
        const token = new URL(url).searchParams.get("oauth_token") ?? ""
        const back = callbackOf(at)
        statuses.push((await fetch(`${back}?oauth_token=guessed&oauth_verifier=x`)).status)
        statuses.push((await fetch(new URL("/favicon.ico", back))).status)
        statuses.push((await fetch(`${back}?oauth_token=${token}`, { method: "POST" })).status)
        void fetch(`${back}?denied=${token}`)
      }
    })
    const error = await refusal(connectTo(at, { grant }))
    assert.strictEqual(error.code, "access_denied")
    assert.deepStrictEqual(statuses, [400, 404, 405])
  })

  it("a revoked token ends the session with an error that says so, and the next connect asks the person again", async () => {
    await using at = await start()
    const store = memoryStore()
    const policy = { onClose: "keep" } as const
    const { grant, opened } = atHome(at)
    const events: Array<SessionEvent> = []
    {
      await using api = await connectTo(at, { grant, store, policy, events })
      assert.strictEqual(await isAdmin(api), 200)
      const token = /oauth_token="(\w+)"/.exec(at.sent.at(-1)?.authorization ?? "")?.[1] ?? ""
      at.server.revoke(token)
      const error = await refusal(isAdmin(api))
      assert.strictEqual(error._tag, "SessionLost")
      assert.strictEqual(error.why, "interaction-required")
      // The person ended it: nobody else signed in.
      assert.notInclude(
        events.map(({ _tag }) => _tag),
        "Displaced"
      )
    }
    await using api = await connectTo(at, { grant, store, policy })
    assert.strictEqual(opened.length, 2)
    assert.strictEqual(await isAdmin(api), 200)
  })

  it("a revoked token that was made beforehand is the API's own 401: nobody here can make another", async () => {
    await using at = await start()
    await using api = await connectTo(at, { grant: oauth1(madeToken(at)) })
    at.server.revoke(madeToken(at).token)
    assert.strictEqual(await isAdmin(api), 401)
    assert.strictEqual(at.sent.length, 1)
  })

  it("a session in the store serves again without a person, and only with the secret that it was made with", async () => {
    await using at = await start()
    const store = memoryStore()
    const options = { store, policy: { onClose: "keep" } } as const
    const { grant, opened } = atHome(at)
    await (await connectTo(at, { grant, ...options }))[Symbol.asyncDispose]()
    await using api = await connectTo(at, { grant: atHome(at).grant, ...options })
    assert.strictEqual(await isAdmin(api), 200)
    assert.strictEqual(opened.length, 1)
    const other = atHome({ ...at, consumer: { ...at.consumer, consumerSecret: "another" } })
    assert.strictEqual((await refusal(connectTo(at, { grant: other.grant, ...options })))._tag, "SignInRejected")
    assert.strictEqual(await isAdmin(api), 200)
  })

  it("X5: a clock that is off costs one more sending, and the timestamps follow the server's", async () => {
    await using at = await start({ start: Date.now() + 3_600_000 })
    await using api = await connectTo(at, { grant: atHome(at).grant })
    const post = (body: BodyInit) =>
      api.session.fetch(`${at.server.url}/rest/p/scaffold/wiki/Clock`, { method: "POST", headers: form, body })
    assert.strictEqual(await isAdmin(api), 200)
    assert.strictEqual((await post("text=now")).status, 200)
    assert.strictEqual(at.server.stats().failedTokens, 1)
    assert.strictEqual(at.server.stats().rejected.total, 0)
    // The other way, in the middle of a session: with the same body, without a renewal or a person.
    at.server.clock.advance({ hours: 2 })
    assert.strictEqual((await post("text=later&labels=a")).status, 200)
    assert.strictEqual(at.server.stats().rejected.total, 1)
    at.server.clock.advance({ hours: 2 })
    const stream = () =>
      api.session.fetch(`${at.server.url}/rest/p/scaffold/wiki/Clock`, {
        method: "POST",
        headers: form,
        body: new Blob(["text=stream"]).stream(),
        duplex: "half"
      } as RequestInit)
    assert.strictEqual((await refusal(stream()))._tag, "BodyNotReplayable")
    assert.strictEqual((await stream()).status, 200)
    const nonces = at.sent.map(({ authorization }) => nonceOf(authorization))
    assert.strictEqual(new Set(nonces).size, nonces.length)
  })

  it("X6: a server that does not confirm the callback is not sent anybody", async () => {
    await using at = await start()
    const { grant, opened } = atHome(at)
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const answer = await at.fetch(input, init)
      return new Response((await answer.text()).replace("=true", "=false"), answer)
    }
    const error = await refusal(connectTo(at, { grant, fetch }))
    assert.strictEqual(error._tag, "TokenAnswerInvalid")
    assert.include(error.message, "1.0a")
    assert.deepStrictEqual(opened, [])
  })

  it("credentials are read whatever media type their answer claims, and a page in their place is told", async () => {
    await using at = await start()
    const as =
      (body: (text: string) => string): typeof globalThis.fetch =>
      async (input, init) => {
        const answer = await at.fetch(input, init)
        if (!new URL(answer.url).pathname.startsWith("/rest/oauth/")) return answer
        return new Response(body(await answer.text()), { headers: { "content-type": "text/html" } })
      }
    await using api = await connectTo(at, { grant: atHome(at).grant, fetch: as((text) => text) })
    assert.strictEqual(await isAdmin(api), 200)
    const error = await refusal(connectTo(at, { grant: atHome(at).grant, fetch: as(() => "<p>Log in, please") }))
    assert.strictEqual(error._tag, "TokenAnswerInvalid")
    assert.include(error.message, "oauth_token")
  })

  it("I6, I7: no secret is sent, told or shown, and no signature leaves the API's origin", async () => {
    await using at = await start()
    await using other = await start()
    const events: Array<SessionEvent> = []
    const store = memoryStore()
    const { grant } = atHome(at)
    const api = await connectTo(at, { grant, events, store })
    await isAdmin(api)
    const error = await refusal(api.session.fetch(`${other.server.url}/rest/p/scaffold`))
    assert.strictEqual(error._tag, "OriginRefused")
    assert.deepStrictEqual(other.sent, [])
    await api[Symbol.asyncDispose]()
    const shown = inspect([api, events, error, store, grant], { depth: 12, showHidden: true }) + JSON.stringify(events)
    assert.notInclude(shown, at.consumer.consumerSecret)
    for (const { authorization } of at.sent) {
      const token = /oauth_token="(\w+)"/.exec(authorization ?? "")?.[1]
      if (token !== undefined) assert.notInclude(shown, token)
      assert.notInclude(authorization, encodeURIComponent(at.consumer.consumerSecret))
    }
  })

  it("a header Authorization of the caller's own is sent as it is", async () => {
    await using at = await start()
    await using api = await connectTo(at, { grant: oauth1(madeToken(at)) })
    const headers = { authorization: `Bearer ${at.server.credentials.guestBearer}` }
    await api.session.fetch(`${at.server.url}/rest/p/scaffold`, { headers })
    assert.strictEqual(at.sent[0]?.authorization, headers.authorization)
  })
})

/** Where the newest sign-in comes back to: Allura alone was told. */
const callbackOf = ({ sent }: Started): string =>
  decodeURIComponent(
    /oauth_callback="([^"]*)"/.exec(
      sent.findLast(({ path }) => path.endsWith("request_token"))?.authorization ?? ""
    )?.[1] ?? ""
  )
