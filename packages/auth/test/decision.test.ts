import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { type Decision, decide, type Trigger } from "../src/Decision.ts"
import type { Terms } from "../src/Lifetime.ts"
import { type Marker, none, type SessionRecord } from "../src/SessionRecord.ts"
import type { TokenSet } from "../src/TokenSet.ts"

const T = 1_000_000
const terms: Terms = {
  expiry: "strict",
  idle: undefined,
  accessTtl: undefined,
  refreshTtl: undefined,
  grace: 0,
  refreshable: true,
  signIn: "headless"
}
const interactive: Terms = { ...terms, signIn: "interactive" }
const tokens: TokenSet = {
  accessToken: Redacted.make("a"),
  refreshToken: Redacted.make("r"),
  tokenType: "Bearer",
  issuedAt: T,
  expiresAt: T + 600_000
}
const record: SessionRecord = { version: 7, generation: 3, tokens }
const marker: Marker = { operation: "refresh", generation: 3, owner: "o", attempt: 1, at: T, deadline: T + 30_000 }
const renew = (change: Partial<Extract<Trigger, { _tag: "Renew" }>> = {}): Trigger => ({
  _tag: "Renew",
  used: 3,
  lastUsedAt: T,
  leased: true,
  attended: false,
  urgent: true,
  proven: true,
  ...change
})
const use = (renewAt: number | undefined, lastUsedAt = T): Trigger => ({ _tag: "Use", lastUsedAt, renewAt })
const refresh = (attempt: number): Decision => ({ _tag: "Renew", method: "refresh", attempt })
const signIn: Decision = { _tag: "Renew", method: "signIn", attempt: 1 }
const lost = (why: Extract<Decision, { _tag: "Lost" }>["why"]): Decision => ({ _tag: "Lost", why })

describe("a request", () => {
  it("is served while the token lives, renewed beside it when it is due, and waits when it is dead", () => {
    assert.deepStrictEqual(decide(record, T, use(undefined), terms), { _tag: "Serve" })
    assert.deepStrictEqual(decide(record, T + 99, use(T + 100), terms), { _tag: "Serve" })
    assert.deepStrictEqual(decide(record, T + 100, use(T + 100), terms), { _tag: "ServeAndRenew" })
    assert.deepStrictEqual(decide(record, T + 599_999, use(undefined), terms), { _tag: "Serve" })
    assert.deepStrictEqual(decide(record, T + 600_000, use(undefined), terms), { _tag: "Wait" })
    assert.deepStrictEqual(decide(none, T, use(undefined), terms), { _tag: "Wait" })
  })

  it("is served past an expiry that is only a hint, until the session has idled out", () => {
    const hint: Terms = { ...terms, expiry: "hint", idle: 1000 }
    assert.deepStrictEqual(decide(record, T + 999, use(undefined), hint), { _tag: "Serve" })
    assert.deepStrictEqual(decide(record, T + 1000, use(undefined), hint), { _tag: "Wait" })
    assert.deepStrictEqual(decide(record, T + 700_000, use(undefined, T + 699_500), hint), { _tag: "Serve" })
  })
})

describe("a renewal", () => {
  it("adopts what is newer, alive and made with the same secret, and nothing else (I5)", () => {
    for (const leased of [true, false]) {
      assert.deepStrictEqual(decide(record, T, renew({ used: 2, leased }), terms), { _tag: "Adopt" })
    }
    assert.deepStrictEqual(decide(record, T, renew(), terms), refresh(1))
    assert.deepStrictEqual(decide(record, T + 600_000, renew({ used: 2 }), terms), refresh(1))
    assert.deepStrictEqual(decide(record, T, renew({ used: 2, proven: false }), terms), signIn)
  })

  it("calls nobody without the lease (T13)", () => {
    assert.deepStrictEqual(decide(record, T, renew({ leased: false }), terms), { _tag: "Wait" })
    assert.deepStrictEqual(decide(none, T, renew({ used: 0, leased: false }), terms), { _tag: "Wait" })
  })

  it("signs in where there is nothing to refresh with", () => {
    const { refreshToken: _, ...bare } = tokens
    assert.deepStrictEqual(decide(none, T, renew({ used: 0 }), terms), signIn)
    assert.deepStrictEqual(decide({ ...record, tokens: bare }, T, renew(), terms), signIn)
    assert.deepStrictEqual(decide(record, T, renew(), { ...terms, refreshable: false }), signIn)
    assert.deepStrictEqual(decide(record, T + 1000, renew(), { ...terms, refreshTtl: 1000 }), signIn)
    assert.deepStrictEqual(decide(record, T + 999, renew(), { ...terms, refreshTtl: 1000 }), refresh(1))
  })

  it("never sends a refresh token twice where that is not allowed (I1, T25)", () => {
    const spent = { ...record, marker }
    assert.deepStrictEqual(decide(spent, T, renew(), terms), signIn)
    assert.deepStrictEqual(decide(spent, T + 1, renew(), terms), signIn)
    // A clock that is behind the one that wrote the marker makes no grace where there is none.
    assert.deepStrictEqual(decide(spent, T - 5000, renew(), terms), signIn)
  })

  it("sends it again inside the declared grace, which no wrong clock stretches (T25b)", () => {
    const graceful = { ...terms, grace: 30_000 }
    const spent = { ...record, marker: { ...marker, attempt: 4 } }
    assert.deepStrictEqual(decide(spent, T + 29_999, renew(), graceful), refresh(5))
    assert.deepStrictEqual(decide(spent, T + 30_000, renew(), graceful), signIn)
    assert.deepStrictEqual(decide(spent, T - 30_000, renew(), graceful), signIn)
  })

  it("of an interactive session sends it once more, when it matters, and then gives up (I1)", () => {
    const spent = { ...record, marker }
    assert.deepStrictEqual(decide(spent, T, renew({ urgent: false }), interactive), { _tag: "Serve" })
    assert.deepStrictEqual(decide(spent, T, renew(), interactive), refresh(2))
    assert.deepStrictEqual(decide(spent, T + 600_000, renew({ urgent: false }), interactive), refresh(2))
    const twice = { ...record, marker: { ...marker, attempt: 2 } }
    assert.deepStrictEqual(decide(twice, T, renew(), interactive), lost("refresh-token-spent"))
    assert.deepStrictEqual(decide(twice, T, renew({ attended: true }), interactive), signIn)
  })

  it("takes no notice of a marker that is about something else", () => {
    assert.deepStrictEqual(decide({ ...record, marker: { ...marker, generation: 2 } }, T, renew(), terms), refresh(1))
    assert.deepStrictEqual(
      decide({ ...record, marker: { ...marker, operation: "signIn" } }, T, renew(), terms),
      refresh(1)
    )
  })

  it("asks a person only who is there", () => {
    assert.deepStrictEqual(decide(none, T, renew({ used: 0, attended: true }), interactive), signIn)
    assert.deepStrictEqual(decide(none, T, renew({ used: 0 }), interactive), lost("interaction-required"))
    assert.deepStrictEqual(decide(none, T, renew({ used: 0 }), { ...terms, signIn: "never" }), lost("not-renewable"))
    assert.deepStrictEqual(decide(none, T, renew({ used: 0, attended: true }), { ...terms, signIn: "never" }), signIn)
  })

  it("does not sign in again by itself after a sign-out everywhere", () => {
    const ended: SessionRecord = { version: 9, generation: 3, ended: 3 }
    for (const leased of [true, false]) {
      assert.deepStrictEqual(decide(ended, T, renew({ leased }), terms), lost("signed-out"))
    }
    assert.deepStrictEqual(decide(ended, T, renew({ attended: true }), terms), signIn)
  })
})
