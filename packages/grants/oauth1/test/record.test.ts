import { inspect } from "node:util"
import { assert, it } from "@effect/vitest"
import * as Credential from "@keyturn/auth/Credential"
import * as SessionRecord from "@keyturn/auth/SessionRecord"
import * as Redacted from "effect/Redacted"

it("I7: a record keeps the token's secret for a store, and shows it to nobody else", () => {
  const tokens = {
    accessToken: Redacted.make("the-token"),
    tokenSecret: Redacted.make('the-secret&"ü'),
    tokenType: "OAuth",
    issuedAt: 1
  }
  const record = SessionRecord.decode(SessionRecord.encode({ version: 1, generation: 1, tokens }))
  assert.strictEqual(record?.tokens?.tokenSecret && Redacted.value(record.tokens.tokenSecret), 'the-secret&"ü')
  const credential = new Credential.Credential({ type: "http", scheme: "OAuth" }, 1, tokens, {
    writes: ["authorization"],
    sign: async () => ({}),
    learn: () => false
  })
  const shown = [record, credential].map((value) => inspect(value, { depth: 9 }) + JSON.stringify(value)).join()
  assert.notInclude(shown, "the-secret")
  assert.notInclude(shown, "the-token")
})
