import { stat } from "node:fs/promises"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Encryption from "@keyturn/auth/Encryption"
import * as TextStore from "@keyturn/auth/TextStore"
import { storeContract } from "@keyturn/auth/testing"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const run = Effect.runPromise
const record = {
  version: 1,
  generation: 1,
  proof: "p",
  tokens: { accessToken: Redacted.make("canary"), tokenType: "Bearer", issuedAt: 1 }
}

/** An engine in memory, as `Engine` asks for it: `fault` runs before a call acts, `lost` after. */
const memoryEngine = (faults: { fault?: (call: string) => void; lost?: (call: string) => void } = {}) => {
  const records = new Map<string, TextStore.Stored>()
  const leases = new Map<string, { readonly owner: string; readonly until: number }>()
  const holders = new Map<string, Map<string, number>>()
  const wakes = new Map<string, Set<() => void>>()
  const at = <A>(map: Map<string, A>, key: string, make: () => A): A => {
    const found = map.get(key) ?? make()
    map.set(key, found)
    return found
  }
  const wake = (key: string) => {
    for (const one of wakes.get(key) ?? []) one()
  }
  const store = (key: string, next: TextStore.Stored): boolean => {
    const stored = records.get(key)
    const repeated = stored?.version === next.version && stored.text === next.text
    if ((stored?.version ?? 0) !== next.version - 1 && !repeated) return false
    records.set(key, next)
    wake(key)
    return true
  }
  const step = async <A>(name: string, act: () => A): Promise<A> => {
    faults.fault?.(name)
    const result = act()
    faults.lost?.(name)
    return result
  }
  const engine: TextStore.Engine = {
    read: (key) => step("read", () => records.get(key)),
    write: (key, next) => step("write", () => store(key, next)),
    acquire: (key, owner, ttl) =>
      step("acquire", () => {
        const lease = leases.get(key)
        if (lease !== undefined && lease.owner !== owner && lease.until > Date.now()) return false
        leases.set(key, { owner, until: Date.now() + ttl })
        return true
      }),
    release: (key, owner) =>
      step("release", () => {
        if (leases.get(key)?.owner !== owner) return
        leases.delete(key)
        wake(key)
      }),
    subscribe: (key, wake) =>
      step("subscribe", () => {
        const set = at(wakes, key, () => new Set())
        const one = () => wake()
        set.add(one)
        return () => set.delete(one)
      }),
    hold: (key, holder, ttl) =>
      step("hold", () => void at(holders, key, () => new Map()).set(holder, Date.now() + ttl)),
    leave: (key, holder, end) =>
      step("leave", () => {
        const held = at(holders, key, () => new Map<string, number>())
        held.delete(holder)
        for (const [other, until] of held) if (until <= Date.now()) held.delete(other)
        if (held.size > 0) return "held"
        return end === undefined || store(key, end) ? "left" : "changed"
      })
  }
  return { engine, records }
}

const judge = (error: unknown) => ({
  message: String((error as Error).message),
  passing: (error as Error).message === "away"
})
const away = () => {
  throw new Error("away")
}

describe("a store over an engine", () => {
  const { engine } = memoryEngine()
  for (const { name, run } of storeContract(() => TextStore.make({ engine, judge }))) it(name, run)

  describe("whose every answer gets lost once", () => {
    const seen = new Map<string, number>()
    const { engine } = memoryEngine({
      lost: (call) => {
        seen.set(call, (seen.get(call) ?? 0) + 1)
        if ((seen.get(call) as number) % 2 === 1) away()
      }
    })
    const uncertain = /^wakes nobody/ // a subscription whose answer was lost stays
    for (const { name, run } of storeContract(() => TextStore.make({ engine, judge }))) {
      if (!uncertain.test(name)) it(name, run)
    }
  })

  it("says that a write took place when its answer was lost, and that another's did not, though it says the same", async () => {
    let lose = true
    const { engine } = memoryEngine({
      lost: (call) => {
        if (call === "write" && lose) {
          lose = false
          away()
        }
      }
    })
    await using store = TextStore.make({ engine, judge })
    assert.isTrue(await run(store.write("key", record)))
    assert.isFalse(lose)
    assert.isFalse(await run(store.write("key", record)))
  })

  it("knows that its unanswered write took place though others have written since, and that it was not theirs (I3)", async () => {
    const { engine } = memoryEngine()
    await using other = TextStore.make({ engine, judge })
    const followed = (unanswered: boolean): TextStore.ClosableStore => {
      let first = true
      const write: TextStore.Engine["write"] = async (key, next) => {
        if (!first) return engine.write(key, next)
        first = false
        if (unanswered) await engine.write(key, next)
        for (let i = 0; i < 3; i++) {
          const { version } = await run(other.read(key))
          await run(other.write(key, { ...record, version: version + 1 }))
        }
        return away()
      }
      return TextStore.make({ engine: { ...engine, write }, judge })
    }
    await using won = followed(true)
    await using lost = followed(false)
    assert.isTrue(await run(won.write("won", record)))
    assert.isFalse(await run(lost.write("lost", record)))
    assert.strictEqual((await run(won.read("won"))).version, 4)
  })

  it("gives the tokens to whoever ended the session, also when the answer was lost and somebody has signed in since", async () => {
    const { engine } = memoryEngine()
    await using other = TextStore.make({ engine, judge })
    let first = true
    const leave: TextStore.Engine["leave"] = async (...args) => {
      const outcome = await engine.leave(...args)
      if (!first) return outcome
      first = false
      await run(other.hold("key", "other", 60_000))
      const { version } = await run(other.read("key"))
      await run(other.write("key", { ...record, version: version + 1, generation: 2 }))
      return away()
    }
    await using store = TextStore.make({ engine: { ...engine, leave }, judge })
    await run(store.write("key", record))
    assert.strictEqual((await run(store.leave("key", "me", true)))?.generation, 1)
    assert.strictEqual((await run(other.read("key"))).generation, 2)
  })

  it("keeps times on the engine's clock: processes whose clocks differ agree on them (T40, T41)", async () => {
    const { engine } = memoryEngine()
    /** A process whose clock is behind the engine's by so much. */
    const behind = (by: number) => {
      const read: TextStore.Engine["read"] = async (key) => ({
        ...((await engine.read(key)) ?? { version: 0, text: "" }),
        now: Date.now() + by
      })
      return TextStore.make({ engine: { ...engine, read }, judge })
    }
    const times = { issuedAt: 1_000_000, expiresAt: 1_060_000, refreshIssuedAt: 999_000 }
    const marker = {
      operation: "refresh",
      generation: 1,
      owner: "o",
      attempt: 1,
      at: 1_000_000,
      deadline: 1_030_000
    } as const
    const written = { ...record, marker, tokens: { ...record.tokens, ...times } }
    const all = ({ marker, tokens }: Pick<typeof written, "marker" | "tokens">) =>
      [tokens.issuedAt, tokens.expiresAt, tokens.refreshIssuedAt, marker.at, marker.deadline] as const
    await using slow = behind(300_000)
    await using fast = behind(-300_000)
    await using exact = behind(100)
    assert.strictEqual((await run(slow.read("key"))).version, 0)
    assert.isTrue(await run(slow.write("key", written)))
    assert.deepStrictEqual(all((await run(slow.read("key"))) as typeof written), all(written))
    const moved = all((await run(fast.read("key"))) as typeof written)
    for (const [i, time] of all(written).entries()) assert.approximately((moved[i] as number) - time, 600_000, 100)
    const engineTime = all((await run(exact.read("key"))) as typeof written)
    for (const [i, time] of all(written).entries()) assert.approximately((engineTime[i] as number) - time, 300_000, 100)
  })

  it("repeats what may pass until its patience ends, and nothing else", async () => {
    let calls = 0
    const { engine } = memoryEngine({
      fault: () => {
        if (++calls <= 3) away()
      }
    })
    await using store = TextStore.make({ engine, judge })
    assert.strictEqual((await run(store.read("key"))).version, 0)
    assert.strictEqual(calls, 4)
    await using hopeless = TextStore.make({ engine: memoryEngine({ fault: away }).engine, judge, patience: 50 })
    assert.strictEqual((await run(Effect.flip(hopeless.read("key")))).message, "away")
    let asked = 0
    const refuse = () => {
      asked++
      throw new Error("refused")
    }
    await using refused = TextStore.make({ engine: memoryEngine({ fault: refuse }).engine, judge })
    assert.strictEqual((await run(Effect.flip(refused.read("key")))).message, "refused")
    assert.strictEqual(asked, 1)
  })

  it("gives up an engine that hangs (I8)", async () => {
    const { engine } = memoryEngine()
    const hanging = { ...engine, read: () => new Promise<never>(() => {}) }
    await using store = TextStore.make({ engine: hanging, judge, attempt: 20, patience: 100 })
    assert.include((await run(Effect.flip(store.read("key")))).message, "did not answer within 0.02 s")
  })

  it("hears an answer that came while this process stood still, instead of asking again", async () => {
    const { engine } = memoryEngine()
    let calls = 0
    const read: TextStore.Engine["read"] = async (key) => {
      calls++
      const answer = stat(import.meta.filename)
      for (const since = performance.now(); performance.now() - since < 60; ); // longer than a call may take
      await answer
      return engine.read(key)
    }
    await using store = TextStore.make({ engine: { ...engine, read }, judge, attempt: 30 })
    await run(store.read("key"))
    assert.strictEqual(calls, 1)
  })

  it("ends the session with the record that it read, though somebody writes in between", async () => {
    const { engine } = memoryEngine()
    const other = TextStore.make({ engine, judge })
    let raced = false
    const racing: TextStore.Engine = {
      ...engine,
      leave: async (...args) => {
        if (!raced) {
          raced = true
          await run(other.write("key", { ...record, version: 2, generation: 2 }))
        }
        return engine.leave(...args)
      }
    }
    await using store = TextStore.make({ engine: racing, judge })
    await run(store.write("key", record))
    assert.strictEqual((await run(store.leave("key", "me", true)))?.generation, 2)
    assert.deepStrictEqual(await run(store.read("key")), { version: 3, generation: 2 })
  })

  it("tells nothing of the driver's error but what was made of it (I7)", async () => {
    const { engine } = memoryEngine({
      fault: () => {
        throw Object.assign(new Error("refused"), { command: { args: ["canary"] } })
      }
    })
    await using store = TextStore.make({ engine, judge })
    assert.notInclude(inspect(await run(Effect.flip(store.read("key"))), { depth: null }), "canary")
  })
})

describe("a store with a key", () => {
  const cipher = Encryption.make(new Uint8Array(32).fill(1))

  it("refuses a session that was written without one, but goes on from one that has ended", async () => {
    const { engine } = memoryEngine()
    const plain = TextStore.make({ engine, judge })
    await using store = TextStore.make({ engine, judge, cipher })
    await run(plain.write("key", record))
    assert.include((await run(Effect.flip(store.read("key")))).message, "without encryption")
    await run(plain.leave("key", "me", true))
    assert.strictEqual((await run(store.read("key"))).version, 2)
    assert.isTrue(await run(store.write("key", { ...record, version: 3 })))
    assert.include((await run(Effect.flip(plain.read("key")))).message, "Give the store its key")
  })

  it("refuses a record that was put back: what was sealed with one version is not read under another", async () => {
    const { engine, records } = memoryEngine()
    await using store = TextStore.make({ engine, judge, cipher })
    await run(store.write("key", record))
    const old = records.get("key") as TextStore.Stored
    await run(store.write("key", { ...record, version: 2 }))
    records.set("key", { version: 2, text: old.text })
    assert.include((await run(Effect.flip(store.read("key")))).message, "not a session")
  })
})
