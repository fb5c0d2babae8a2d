import { assert, describe, it } from "@effect/vitest"
import { contract } from "@keyturn/allura"
import { type ConfigurationError, connect } from "@keyturn/client"
import { oauth1, type PersonOptions } from "../src/index.ts"
import { loopback } from "../src/loopback.ts"
import { endpoints, refusal } from "./support/setting.ts"

const right: PersonOptions = { consumerKey: "k", consumerSecret: "s", ...endpoints, callback: loopback() }

describe("an option that cannot be right", () => {
  it.each<readonly [string, object]>([
    ["consumerKey", { ...right, consumerKey: "" }],
    ["consumerSecret", { ...right, consumerSecret: undefined }],
    ["requestTokenUrl", { ...right, requestTokenUrl: "" }],
    ["accessTokenUrl", { ...right, accessTokenUrl: undefined }],
    ["authorizationUrl", { ...right, authorizationUrl: "https://" }],
    ["tokenSecret", { consumerKey: "k", consumerSecret: "s", token: "t" }],
    ["signatureMethod", { ...right, signatureMethod: "RSA-SHA1" }],
    ["callback", { ...right, callback: "back" }]
  ])("is named: %s", (name, options) => {
    const error = (() => {
      try {
        oauth1(options as PersonOptions)
      } catch (error) {
        return error as ConfigurationError
      }
      return undefined
    })()
    assert.strictEqual(error?._tag, "ConfigurationError")
    assert.include(error?.message, name)
  })

  it.each(["https://127.0.0.1/callback", "http://192.168.1.1/callback", "callback"])(
    "is a loopback callback that is not on this machine: %s",
    (callbackUrl) => {
      assert.throws(() => loopback({ callbackUrl }), /http URL on 127.0.0.1/)
    }
  )

  it("is begin() for a program that waits for the person itself", async () => {
    assert.include((await refusal(oauth1(right).begin(contract))).message, "connect does both halves")
  })

  it("is an authorizationUrl, or an API, that is neither https nor on this machine", async () => {
    const grant = oauth1({ ...right, callback: "oob", authorizationUrl: "http://login.example/authorize" })
    assert.include((await refusal(grant.begin(contract))).message, "authorizationUrl")
    const error = await refusal(connect(contract, { grant, baseUrl: "http://api.example" }))
    assert.include(error.message, "https only")
  })

  it.each(["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"] as const)(
    "X7: is plain http to another machine, at every step, whatever signs: %s",
    async (signatureMethod) => {
      const sent: Array<string> = []
      const fetch: typeof globalThis.fetch = async (input) => {
        const { url } = new Request(input)
        sent.push(url)
        const body = "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"
        return new Response(body, { status: 200 })
      }
      const grant = (more: object) => oauth1({ ...right, callback: "oob", signatureMethod, ...more })
      const far = "http://login.example/step"
      assert.strictEqual(
        (await refusal(grant({ requestTokenUrl: far }).begin(contract, { fetch })))._tag,
        "SignInRejected"
      )
      assert.deepStrictEqual(sent, [])
      const third = grant({ accessTokenUrl: far })
      const { pending } = await third.begin(contract, { fetch })
      const error = await refusal(connect(contract, { grant: third.complete({ verifier: "1" }, pending), fetch }))
      assert.strictEqual(error._tag, "SignInRejected")
      assert.include(error.message, "https only")
      for (const place of [{ baseUrl: "http://api.example" }, { allowOrigins: ["http://api.example"] }]) {
        const made = oauth1({ consumerKey: "k", consumerSecret: "s", token: "t", tokenSecret: "u", signatureMethod })
        assert.include((await refusal(connect(contract, { grant: made, fetch, ...place }))).message, "https only")
      }
      assert.isTrue(sent.every((url) => url.startsWith("https://")))
      assert.lengthOf(sent, 1)
    }
  )

  it("is a contract without a scheme for it", async () => {
    const none = { ...contract, schemes: { bearer: { type: "http", scheme: "bearer" } } } as const
    const error = await refusal(connect(none, { grant: oauth1(right) }))
    assert.strictEqual(error._tag, "ConfigurationError")
    assert.include(error.message, "OAuth")
  })
})
