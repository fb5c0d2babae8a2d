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

  it("is a contract without a scheme for it", async () => {
    const none = { ...contract, schemes: { bearer: { type: "http", scheme: "bearer" } } } as const
    const error = await refusal(connect(none, { grant: oauth1(right) }))
    assert.strictEqual(error._tag, "ConfigurationError")
    assert.include(error.message, "OAuth")
  })
})
