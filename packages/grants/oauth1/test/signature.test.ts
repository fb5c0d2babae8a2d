import { assert, describe, it } from "@effect/vitest"
import * as ServerClock from "@keyturn/auth/ServerClock"
import * as Redacted from "effect/Redacted"
import { authorization, type SignatureMethod } from "../src/Signature.ts"
import { hasOauthlib, inPython } from "./support/oauthlib.ts"
import { makeRequests } from "./support/random.ts"

const methods = ["HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"] as const

const signatory = (consumerKey: string, consumerSecret: string, signatureMethod: SignatureMethod) => ({
  consumerKey,
  consumerSecret: Redacted.make(consumerSecret),
  signatureMethod,
  clock: ServerClock.make()
})

/** The parameters of an `Authorization` header, decoded. */
const parametersOf = (header: string): Readonly<Record<string, string>> => {
  assert.match(header, /^OAuth (\w+="[\w\-.~%]*"(, |$))+$/)
  return Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, decodeURIComponent(value)])
  )
}

/** A key of letters and digits: oauthlib's endpoints take no others, whatever the RFC says. */
const plainKey = "consumerkey0consumerkey0"

describe("a signature", () => {
  it("PLAINTEXT is the two secrets, encoded, as in the example of RFC 5849 §2.1 and §3.4.4", async () => {
    const request = { method: "POST", url: "https://photos.example.net/token", form: async () => "" }
    const consumer = signatory("dpf43f3p2l4k3l03", "kd94hf93k423kf44", "PLAINTEXT")
    const first = parametersOf(await authorization(consumer, request, {}, undefined))
    assert.strictEqual(first.oauth_signature, "kd94hf93k423kf44&")
    const second = parametersOf(await authorization(consumer, request, {}, Redacted.make("a&b/ü")))
    assert.strictEqual(second.oauth_signature, "kd94hf93k423kf44&a%26b%2F%C3%BC")
  })

  it("X5: has a nonce of its own each time, that the strictest servers take", async () => {
    const request = { method: "GET", url: "https://a.example/", form: async () => "" }
    const nonces = new Set<string>()
    for (let time = 0; time < 100; time++) {
      const header = await authorization(signatory("k", "s", "HMAC-SHA1"), request, {}, undefined)
      nonces.add(parametersOf(header).oauth_nonce ?? "")
    }
    assert.strictEqual(nonces.size, 100)
    for (const nonce of nonces) assert.match(nonce, /^[0-9a-z]{20,30}$/)
  })

  it("X4: reads the form only where it is signed", async () => {
    let read = 0
    const form = async () => {
      read++
      return "a=1"
    }
    const request = { method: "POST", url: "https://a.example/", form }
    await authorization(signatory("k", "s", "PLAINTEXT"), request, {}, undefined)
    assert.strictEqual(read, 0)
    await authorization(signatory("k", "s", "HMAC-SHA256"), request, {}, undefined)
    assert.strictEqual(read, 1)
  })

  it.skipIf(!hasOauthlib()).each(methods)(
    "%s: python3-oauthlib takes 500 random requests of ours, and none with another form, query or secret",
    async (method) => {
      const requests = makeRequests(2, 500)
      const signed = await Promise.all(
        requests.map(async ({ consumerSecret, form, method: verb, tokenSecret, url }) => ({
          method: verb,
          url,
          form,
          consumerSecret,
          tokenSecret,
          header: await authorization(
            signatory(plainKey, consumerSecret, method),
            { method: verb, url, form: async () => form },
            { oauth_token: "token0token0token0token0" },
            Redacted.make(tokenSecret)
          )
        }))
      )
      const verdicts = inPython<ReadonlyArray<ReadonlyArray<boolean>>>(
        `
class Validator(oauth1.RequestValidator):
    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT")
    dummy_client = "dummyclient0dummyclient0"
    dummy_access_token = "dummytoken0dummytoken000"
    def __init__(self, consumer_secret, token_secret):
        self.consumer_secret, self.token_secret = consumer_secret, token_secret
    def validate_timestamp_and_nonce(self, *args, **kwargs): return True
    def validate_client_key(self, *args): return True
    def validate_access_token(self, *args): return True
    def validate_realms(self, *args, **kwargs): return True
    def get_client_secret(self, *args): return self.consumer_secret
    def get_access_token_secret(self, *args): return self.token_secret

def takes(case, url, form, consumer_secret, token_secret):
    endpoint = oauth1.ResourceEndpoint(Validator(consumer_secret, token_secret))
    headers = {"Authorization": case["header"]}
    if form: headers["Content-Type"] = "application/x-www-form-urlencoded"
    valid, _ = endpoint.validate_protected_resource_request(url, case["method"].upper(), form, headers, [])
    return valid

for c in cases:
    url, form, one, two = c["url"].split("#")[0], c["form"], c["consumerSecret"], c["tokenSecret"]
    results.append([
        takes(c, url, form, one, two),
        takes(c, url, form + ("&" if form else "") + "q=1", one, two),
        takes(c, url + ("&" if "?" in url else "?") + "q=1", form, one, two),
        takes(c, url, form, one + "x", two),
        takes(c, url, form, one, two + "x"),
    ])
`,
        signed
      )
      const insensitive = method === "PLAINTEXT"
      for (const [i, verdict] of verdicts.entries()) {
        assert.deepStrictEqual(verdict, [true, insensitive, insensitive, false, false], JSON.stringify(signed[i]))
      }
      assert.strictEqual(verdicts.length, 500)
    }
  )
})
