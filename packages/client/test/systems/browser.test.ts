/** A person at a real browser: the consent pages of pink and Allura, clicked, and the page of the program after them. */
import { assert, describe, it } from "@effect/vitest"
import { contract as alluraContract } from "@keyturn/allura"
import { contract as pinkContract } from "@keyturn/pink"
import { allura, pink } from "@keyturn/simulators"
import type { Browser, Page } from "playwright-core"
import { authorizationCode } from "../../../grants/authorization-code/src/index.ts"
import { loopback } from "../../../grants/authorization-code/src/loopback.ts"
import { connect } from "../../src/index.ts"
import { hasChromium, launch } from "./support/chromium.ts"
import { failure, observed } from "./support/observed.ts"

/** Opens what the program shows in a new tab and does what the person does there; gives the last page's text. */
const person = (browser: Browser, act: (page: Page) => Promise<void>) => {
  let done: Promise<string> = Promise.reject(new Error("The program showed no URL."))
  done.catch(() => {})
  return {
    open: (url: string) => {
      done = (async () => {
        const page = await browser.newPage()
        await page.goto(url)
        await act(page)
        await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/callback\?/)
        return (await page.textContent("body")) ?? ""
      })()
    },
    saw: () => done
  }
}

const click = (name: "Allow" | "Deny") => (page: Page) => page.getByRole("button", { name }).click()

describe.skipIf(!hasChromium())("in a real browser", { timeout: 60_000 }, () => {
  it("pink: clicks Allow, lands on the program's page, and the program calls the API and revokes at its end", async () => {
    await using browser = await launch()
    await using server = await pink.listen()
    const { open, saw } = person(browser, click("Allow"))
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
    await using browser = await launch()
    await using server = await pink.listen()
    const { open, saw } = person(browser, async (page) => {
      await page.getByLabel("Read your reports").uncheck()
      await click("Allow")(page)
    })
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
    await using browser = await launch()
    await using server = await pink.listen()
    const { open, saw } = person(browser, click("Deny"))
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
    await using browser = await launch()
    await using server = await allura.listen({ switches: { loopbackRedirects: true } })
    const { open, saw } = person(browser, click("Allow"))
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
})
