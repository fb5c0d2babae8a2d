import { assert, describe, it } from "@effect/vitest"
import { baseString, percentEncode } from "../src/SignatureBase.ts"
import { hasOauthlib, inPython } from "./support/oauthlib.ts"
import { makeRequests } from "./support/random.ts"

const of = (url: string, form = "", method = "GET") =>
  baseString({ method, url, form, oauth: {} }).split("&").map(decodeURIComponent)

describe("the signature base string", () => {
  it("is that of the example in RFC 5849 §3.4.1.1", () => {
    assert.strictEqual(
      baseString({
        method: "POST",
        url: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
        form: "c2&a3=2+q",
        oauth: {
          oauth_consumer_key: "9djdj82h48djs9d2",
          oauth_token: "kkk9d7dh3k39sjv7",
          oauth_signature_method: "HMAC-SHA1",
          oauth_timestamp: "137131201",
          oauth_nonce: "7d8f3e4a",
          oauth_signature: "djosJKDKJSD8743243/jdk33klY="
        }
      }),
      "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26" +
        "oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26" +
        "oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )
  })

  it("X1: has scheme and host in lower case, and a port only where it is not the default", () => {
    assert.strictEqual(of("HTTP://EXAMPLE.COM:80/r%20v/X?id=123")[1], "http://example.com/r%20v/X")
    assert.strictEqual(of("https://www.example.net:8080/?q=1")[1], "https://www.example.net:8080/")
    assert.strictEqual(of("https://example.com:443")[1], "https://example.com/")
    assert.strictEqual(of("https://example.com:80/")[1], "https://example.com:80/")
    assert.strictEqual(of("http://example.com/#part", "", "post")[0], "POST")
  })

  it("X2: encodes first and sorts the bytes then; duplicates stay, those of query and form together", () => {
    assert.strictEqual(of("http://a/?b=2&a=2&a=1&a=1", "a=0")[2], "a=0&a=1&a=1&a=2&b=2")
    // Unencoded, `{` would come after `z`, and an upper-case letter is before a lower-case one.
    assert.strictEqual(of("http://a/?z=1&%7B=1&B=1&a=1")[2], "%7B=1&B=1&a=1&z=1")
  })

  it("X3: encodes as RFC 3986 does, and keeps bytes that are not UTF-8", () => {
    assert.strictEqual(percentEncode("!*'()~-._ +å"), "%21%2A%27%28%29~-._%20%2B%C3%A5")
    assert.strictEqual(of("http://a/?x=%ff%7e%41")[2], "x=%FF~A")
    assert.strictEqual(of("http://a/?x=100%25&y=%zz")[2], "x=100%25&y=%25zz")
  })

  it.skipIf(!hasOauthlib())("is the one of python3-oauthlib for 3,000 random requests", () => {
    const requests = makeRequests(1, 3000)
    const theirs = inPython<ReadonlyArray<string>>(
      `
for r in cases:
    query = r["url"].split("#")[0].partition("?")[2]
    headers = {"Authorization": r["header"]}
    parameters = signature.collect_parameters(uri_query=query, body=r["form"], headers=headers)
    results.append(signature.signature_base_string(
        r["method"], signature.base_string_uri(r["url"]), signature.normalize_parameters(parameters)))
`,
      requests.map((request) => ({
        ...request,
        header: `OAuth realm="x", oauth_consumer_key="${percentEncode(request.consumerKey)}", oauth_nonce="${percentEncode(request.nonce)}", oauth_signature="no"`
      }))
    )
    for (const [i, { consumerKey, form, method, nonce, url }] of requests.entries()) {
      const ours = baseString({ method, url, form, oauth: { oauth_consumer_key: consumerKey, oauth_nonce: nonce } })
      assert.strictEqual(ours, theirs[i], JSON.stringify(requests[i]))
    }
  })
})
