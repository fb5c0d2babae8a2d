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
    // A subscription whose answer was lost stays; and a writer whose answer was lost, and whom somebody else followed at
    // once, cannot know that it had won.
    const uncertain = /^wakes nobody|^lets one of many/
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
