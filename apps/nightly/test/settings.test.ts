import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { type Environment, parse, type Settings, unsaid } from "../src/settings.ts"

const complete = {
  BENCH_URL: "https://bench.example",
  BENCH_LOGIN: "nightly",
  BENCH_PASSWORD: "pass word ",
  ALLURA_URL: "https://allura.example",
  ALLURA_PROJECT: "scaffold",
  ALLURA_EXPORTS: "/exports",
  ALLURA_TOKEN: "bearer",
  BITS_URL: "https://bits.example",
  BITS_CLIENT_ID: "us",
  BITS_CLIENT_SECRET: "secret",
  BITS_APPLICATIONS: "/applications.json",
  PINK_URL: "http://127.0.0.1:8080",
  PINK_TOKEN: "pat",
  NIGHTLY_STATE: "/state",
  NIGHTLY_BACKUPS: "/backups"
}

const settingsOf = (env: Environment): Settings => {
  const found = parse(env)
  assert.isFalse("length" in found, String(found))
  return found as Settings
}

const problemsOf = (env: Environment): ReadonlyArray<string> => {
  const found = parse(env)
  assert.isTrue("length" in found)
  return found as ReadonlyArray<string>
}

describe("the settings", () => {
  it("are complete with one way to sign in for each service", () => {
    const settings = settingsOf(complete)
    assert.strictEqual(Redacted.value(settings.bench.password), "pass word ")
    assert.deepStrictEqual(
      [settings.sessions, settings.copies, settings.bits.patience, settings.store.kind],
      ["keep", 7, 3, "file"]
    )
    const { ALLURA_TOKEN: _, PINK_TOKEN: __, ...others } = complete
    const other = settingsOf({
      ...others,
      ALLURA_CONSUMER_KEY: "a",
      ALLURA_CONSUMER_SECRET: "b",
      ALLURA_OAUTH_TOKEN: "c",
      ALLURA_OAUTH_SECRET: "d",
      PINK_CLIENT_ID: "nightly",
      DATABASE_URL: "postgres://somewhere"
    })
    assert.deepStrictEqual(
      [other.allura.credential.kind, other.pink.credential.kind, other.store.kind],
      ["oauth1", "person", "postgres"]
    )
  })

  it("that lack something say all of it at once", () => {
    const { ALLURA_TOKEN: _, BENCH_LOGIN: __, BENCH_PASSWORD: ___, ...others } = complete
    const problems = problemsOf({ ...others, ALLURA_OAUTH_TOKEN: "x", BITS_CLIENT_SECRET: " ", NIGHTLY_COPIES: "few" })
    assert.lengthOf(problems, 4)
    assert.match(problems[0] as string, /^BENCH_LOGIN and BENCH_PASSWORD are not set\. .*or none of them/)
    assert.match(
      problems[1] as string,
      /^ALLURA_CONSUMER_KEY and ALLURA_CONSUMER_SECRET and ALLURA_OAUTH_SECRET are not set\. .*ALLURA_TOKEN or ALLURA_CONSUMER_KEY \+/
    )
    assert.match(problems[2] as string, /^BITS_CLIENT_SECRET is not set/)
    assert.match(problems[3] as string, /^NIGHTLY_COPIES is not a whole number/)
  })

  for (const [name, value, said] of [
    ["BENCH_URL", "bench.example", /BENCH_URL is not an absolute URL/],
    ["BENCH_URL", "ftp://bench.example", /BENCH_URL is not an absolute URL/],
    ["BITS_URL", "http://bits.example", /BITS_URL is plain http.*https only/],
    ["BITS_PATIENCE", "0", /BITS_PATIENCE is not a whole number of at least 1/],
    ["NIGHTLY_SESSIONS", "maybe", /NIGHTLY_SESSIONS is neither keep nor sign-out/],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector", /OTEL_EXPORTER_OTLP_ENDPOINT is not an absolute URL/]
  ] as const) {
    it(`do not take ${name}=${value}`, () => {
      const problems = problemsOf({ ...complete, [name]: value })
      assert.lengthOf(problems, 1)
      assert.match(problems[0] as string, said)
    })
  }

  it("keep sessions in one place only", () => {
    assert.match(
      problemsOf({ ...complete, REDIS_URL: "redis://a", DATABASE_URL: "postgres://b" })[0] as string,
      /REDIS_URL and DATABASE_URL are both set/
    )
  })

  it("of which nothing is said for a service leave it to be simulated", () => {
    assert.deepStrictEqual(unsaid({}), ["bench", "allura", "bits", "pink"])
    assert.deepStrictEqual(unsaid(complete), [])
    assert.deepStrictEqual(unsaid({ PINK_URL: " ", BENCH_LOGIN: "a", BITS_PATIENCE: "4" }), ["allura", "bits", "pink"])
  })

  it("never show a secret (I7)", () => {
    const shown = JSON.stringify(settingsOf({ ...complete, REDIS_URL: "redis://:hidden@a", KEYTURN_KEY: "hidden" }))
    for (const secret of ["pass word", "bearer-", "hidden", 'pat"']) assert.notInclude(shown, secret)
  })

  it("are all explained in .env.example, and nothing else is", () => {
    const names = (text: string) =>
      new Set(text.match(/\b(BENCH|ALLURA|BITS|PINK|NIGHTLY|KEYTURN|REDIS|DATABASE)_[A-Z_]+/g))
    const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8")
    assert.deepStrictEqual(names(read("../.env.example")), names(read("../src/settings.ts")))
  })
})
