/** A person at a real browser: the pages of pink, Allura and Bits, clicked, and the page of the program after them. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { contract as alluraContract } from "@keyturn/allura"
import { contract as bitsContract } from "@keyturn/bits"
import { contract as pinkContract } from "@keyturn/pink"
import { allura, bits, pink } from "@keyturn/simulators"
import type { Browser, Page } from "playwright-core"
import { authorizationCode } from "../../../grants/authorization-code/src/index.ts"
import { loopback } from "../../../grants/authorization-code/src/loopback.ts"
import { oauth1 } from "../../../grants/oauth1/src/index.ts"
import { loopback as oauth1Loopback } from "../../../grants/oauth1/src/loopback.ts"
import { connect } from "../../src/index.ts"
import { hasChromium, launch } from "./support/chromium.ts"
import { failure, observed } from "./support/observed.ts"

let browser: Browser & AsyncDisposable

type Act = (page: Page) => Promise<unknown>

/** Opens what the program shows in a new tab and acts there, one act after the other; gives the last page's text. */
const person = (...acts: ReadonlyArray<Act>) => {
  let done: Promise<string> = Promise.reject(new Error("The program showed no URL."))
  done.catch(() => {})
  return {
    open: (url: string) => {
      done = (async () => {
        const page = await browser.newPage()
        await page.goto(url)
        for (const act of acts) await act(page)
        return (await page.textContent("body")) ?? ""
      })()
    },
    saw: () => done
  }
}

const click =
  (name: "Allow" | "Deny" | "Finish"): Act =>
  (page) =>
    page.getByRole("button", { name }).click()
const uncheck =
  (label: string): Act =>
  (page) =>
    page.getByLabel(label).uncheck()
const read =
  (heading: string): Act =>
  (page) =>
    page.getByRole("heading", { name: heading }).waitFor()
/** Waits for the program's own page. */
const comeBack: Act = (page) => page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/)

describe.skipIf(!hasChromium())("in a real browser", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  it("pink: clicks Allow, lands on the program's page, and the program calls the API and revokes at its end", async () => {
    await using server = await pink.listen()
    const { open, saw } = person(click("Allow"), comeBack)
    {
      await using api = await connect(pinkContract, {
        ...observed(server.url).options,
        operations: ["GET /v1/me"],
        grant: authorizationCode({ ...server.credentials.native, redirect: loopback({ open }) })
      })
      assert.match(await saw(), /You are signed in/)
      assert.strictEqual((await api.GET("/v1/me")).data?.name, "Dana Whitfield")
    }
    const { consents, liveTokens, signIns } = server.stats()
    assert.deepStrictEqual([consents, signIns, liveTokens], [1, 1, 0])
  })

  it("pink: unchecks a scope, and what needs it is refused before it is sent", async () => {
    await using server = await pink.listen()
    const { open, saw } = person(uncheck("Read your reports"), click("Allow"), comeBack)
    await using api = await connect(pinkContract, {
      ...observed(server.url).options,
      operations: ["GET /v1/me", "GET /v1/reports"],
      grant: authorizationCode({ ...server.credentials.native, redirect: loopback({ open }) })
    })
    assert.match(await saw(), /You are signed in/)
    assert.deepStrictEqual(api.session.state?.scope, ["profile"])
    assert.strictEqual((await api.GET("/v1/me")).response.status, 200)
    assert.strictEqual((await failure(api.GET("/v1/reports")))._tag, "InsufficientScope")
  })

  it("pink: clicks Deny, is told so on the program's page, and the program hears access_denied", async () => {
    await using server = await pink.listen()
    const { open, saw } = person(click("Deny"), comeBack)
    const error = await failure(
      connect(pinkContract, {
        ...observed(server.url).options,
        operations: ["GET /v1/me"],
        grant: authorizationCode({ ...server.credentials.native, redirect: loopback({ open }) })
      })
    )
    assert.deepStrictEqual([error._tag, error.code], ["SignInRejected", "access_denied"])
    assert.match(await saw(), /You are not signed in/)
    assert.strictEqual(server.stats().signIns, 0)
  })

  it("Allura: clicks Allow, lands on the program's page, and the program calls the API", async () => {
    await using server = await allura.listen({ switches: { loopbackRedirects: true } })
    const { open, saw } = person(click("Allow"), comeBack)
    const { clientId, clientSecret } = server.credentials.oauth2
    await using api = await connect(alluraContract, {
      ...observed(server.url).options,
      grant: authorizationCode({ clientId, clientSecret, redirect: loopback({ open }) })
    })
    assert.match(await saw(), /You are signed in/)
    const { data } = await api.GET("/rest/{neighborhood}/{project}/admin/installable_tools", {
      params: { path: { neighborhood: "p", project: "scaffold" } }
    })
    assert.isAbove(data?.tools.length ?? 0, 0)
    assert.deepStrictEqual([server.stats().consents, server.stats().signIns], [1, 1])
  })
  it("Allura: clicks Deny and reads that nothing was allowed; the program is told nothing, and waits until it gives up", async () => {
    await using server = await allura.listen({ switches: { loopbackRedirects: true } })
    const gaveUp = new AbortController()
    const { open } = person(click("Deny"), read("Not authorized"), async () => {
      gaveUp.abort(new Error("The person said no."))
    })
    const { clientId, clientSecret } = server.credentials.oauth2
    const error = await failure(
      connect(alluraContract, {
        ...observed(server.url).options,
        grant: authorizationCode({ clientId, clientSecret, redirect: loopback({ open }) }),
        signal: gaveUp.signal
      })
    )
    assert.strictEqual(error.message, "The person said no.")
    assert.deepStrictEqual([server.stats().denials, server.stats().signIns], [1, 0])
  })

  it("Allura: clicks Allow in the dance of OAuth 1.0a, and the program signs its calls", async () => {
    await using server = await allura.listen()
    const { open, saw } = person(click("Allow"), comeBack)
    const { consumerKey, consumerSecret } = server.credentials.oauth1
    await using api = await connect(alluraContract, {
      ...observed(server.url).options,
      grant: oauth1({
        consumerKey,
        consumerSecret,
        requestTokenUrl: "/rest/oauth/request_token",
        authorizationUrl: "/rest/oauth/authorize",
        accessTokenUrl: "/rest/oauth/access_token",
        callback: oauth1Loopback({ open })
      })
    })
    assert.match(await saw(), /You are signed in/)
    const { response } = await api.GET("/rest/{neighborhood}/{project}/admin/export_status", {
      params: { path: { neighborhood: "p", project: "scaffold" } }
    })
    assert.strictEqual(response.status, 200)
  })
  it("Bits: an applicant finishes the hosted page, lands at the program's redirect URL, and the program reads how it stands", async () => {
    await using server = await bits.listen()
    let landed = new URL("http://localhost")
    const site = createServer((request, response) => {
      if (request.url?.startsWith("/done")) landed = new URL(request.url, landed)
      response.setHeader("content-type", "text/html").end("<h1>Thank you</h1>")
    }).listen(0, "127.0.0.1")
    await once(site, "listening")
    try {
      await using api = await connect(bitsContract, {
        ...observed(server.url).options,
        credentials: { appToken: server.credentials.client }
      })
      const { data } = await api.POST("/v1/applications.create", {
        body: {
          workflowId: "bits:workflow::8abe317f-6d54-4949-8ecd-245efb4fa05d",
          countryCode: "SE",
          redirectUrl: `http://127.0.0.1:${(site.address() as AddressInfo).port}/done`
        }
      })
      const { open, saw } = person(click("Finish"), read("Thank you"))
      open(`${server.url}/?token=${data?.sessionToken}`)
      assert.match(await saw(), /Thank you/)
      const applicationId = landed.searchParams.get("applicationId") ?? ""
      assert.strictEqual(applicationId, data?.id)
      const { data: application } = await api.POST("/v1/applications.get", { body: { applicationId } })
      assert.strictEqual(application?.status, "IN_PROGRESS")
    } finally {
      site.closeAllConnections()
      site.close()
    }
  })
})
