import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { randomId } from "../internal/digest.ts"
import * as SessionRecord from "../SessionRecord.ts"
import type { SessionStore } from "../SessionStore.ts"
import type { TokenSet } from "../TokenSet.ts"

/** One thing that a store must do. `run` rejects with an `Error` that says what it did instead. */
export interface StoreCase {
  /** A sentence, to be the test's title. */
  readonly name: string
  readonly run: () => Promise<void>
}

type Closable = SessionStore & Partial<Pick<AsyncDisposable, typeof Symbol.asyncDispose>>

/** What a case works with. */
interface Bench {
  readonly key: string
  /** The store as one process sees it, and as another does. A store that is not shared is the same one twice. */
  readonly a: SessionStore
  readonly b: SessionStore
  /** A scope that closes with the case. */
  readonly scope: Scope.Scope
}

/** Time enough for a lease or holder not to expire during a case, and for one that is to expire; milliseconds. */
const LONG = 60_000
const SHORT = 150
/** Until when what is to happen soon must have happened. */
const SOON = 5000

const must = (condition: boolean, otherwise: string): void => {
  if (!condition) throw new Error(otherwise)
}

const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)

const eventually = async (what: () => boolean | Promise<boolean>, otherwise: string): Promise<void> => {
  const until = performance.now() + SOON
  while (!(await what())) {
    must(performance.now() < until, otherwise)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const tokens = (name: string): TokenSet => ({
  accessToken: Redacted.make(`access-${name}`, { label: "accessToken" }),
  refreshToken: Redacted.make(`refresh-${name} +/=ü"\\\u2028`, { label: "refreshToken" }),
  tokenType: "Bearer",
  scope: ["read", "write"],
  issuedAt: 1_700_000_000_000,
  expiresAt: 1_700_000_060_000.5,
  refreshIssuedAt: 1_700_000_000_000
})

/** A record in which every field is set. */
const full = (version: number, name = "one"): SessionRecord.SessionRecord => ({
  version,
  generation: version * 2,
  tokens: tokens(name),
  proof: "salt:hash",
  marker: { operation: "refresh", generation: version * 2, owner: "o", attempt: 1, at: 1, deadline: 2 }
})

const same = (a: SessionRecord.SessionRecord, b: SessionRecord.SessionRecord): boolean => {
  const canonical = (record: SessionRecord.SessionRecord) =>
    JSON.stringify(JSON.parse(SessionRecord.encode(record)), (_, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value
    )
  return canonical(a) === canonical(b)
}

const listen = async ({ key, scope }: Bench, store: SessionStore): Promise<() => number> => {
  let heard = 0
  await run(
    Scope.provide(
      store.subscribe(key, () => void heard++),
      scope
    )
  )
  return () => heard
}

const cases: Record<string, (bench: Bench) => Promise<void>> = {
  "reads nothing for a key that was never written": async ({ key, a }) => {
    must(same(await run(a.read(key)), SessionRecord.none), "the record of a new key must be SessionRecord.none")
  },

  "gives back in one process what another stored, every field of it": async ({ key, a, b }) => {
    must(await run(a.write(key, full(1))), "the first write must succeed")
    must(same(await run(b.read(key)), full(1)), "what is read must equal what was written")
    must(Redacted.isRedacted((await run(b.read(key))).tokens?.accessToken), "tokens must come back redacted")
  },

  "keeps the keys apart": async ({ key, a, b }) => {
    const other = `${key}|other %7B {x} 'é' "`
    must(await run(a.write(other, full(1, "other"))), "a key with any printable text must be accepted")
    must(same(await run(b.read(key)), SessionRecord.none), "a write must not be seen under another key")
    must(same(await run(b.read(other)), full(1, "other")), "each key must keep its own record")
    must(await run(a.acquire(other, "one", LONG)), "a free lease must be given")
    must(await run(b.acquire(key, "two", LONG)), "the lease of one key must not block another's")
  },

  "compares on the version: only the next one is stored (I10)": async ({ key, a, b }) => {
    must(!(await run(a.write(key, full(2)))), "version 2 must be refused when nothing is stored")
    must(await run(a.write(key, full(1))), "version 1 must be stored when nothing is")
    must(!(await run(b.write(key, full(1, "late")))), "another version 1 must be refused")
    must(!(await run(b.write(key, full(3)))), "a version must not be skipped")
    must(await run(b.write(key, full(2, "two"))), "the next version must be stored")
    must(same(await run(a.read(key)), full(2, "two")), "refused writes must leave nothing behind")
  },

  "compares on the version and never on the generation: a marker takes the record over (I1)": async ({ key, a, b }) => {
    const first: SessionRecord.SessionRecord = { version: 1, generation: 1, tokens: tokens("one") }
    must(await run(a.write(key, first)), "the first write must succeed")
    const marked = SessionRecord.next(first, {
      marker: { operation: "signIn", generation: 1, owner: "b", attempt: 1, at: 1, deadline: 2 }
    })
    must(await run(b.write(key, marked)), "the successor's marker must be stored")
    const late = SessionRecord.next(first, { generation: 2, tokens: tokens("late") })
    must(!(await run(a.write(key, late))), "the late write of a holder that was taken over must be refused")
    must(same(await run(a.read(key)), marked), "the marker must stay")
  },

  "lets one of many concurrent writers win each version, and loses none": async ({ key, a, b }) => {
    const rounds = 10
    const until = performance.now() + 4 * SOON
    const increment = async (store: SessionStore) => {
      for (let done = 0; done < rounds; ) {
        must(performance.now() < until, "somebody must win each version")
        const record = await run(store.read(key))
        if (await run(store.write(key, SessionRecord.next(record, { generation: record.generation + 1 })))) done++
      }
    }
    await Promise.all([a, b, a, b].map(increment))
    const { generation, version } = await run(a.read(key))
    must(version === 4 * rounds, `${4 * rounds} increments must give version ${4 * rounds}, not ${version}`)
    must(generation === 4 * rounds, "no increment may be lost")
  },

  "leases to one owner at a time (I2)": async ({ key, a, b }) => {
    const owners = ["one", "two", "three", "four"]
    const taken = await Promise.all(owners.map((owner, i) => run((i % 2 === 0 ? a : b).acquire(key, owner, LONG))))
    must(
      taken.filter(Boolean).length === 1,
      `of four owners at once one must get the lease, not ${taken.filter(Boolean).length}`
    )
    const winner = owners[taken.indexOf(true)] as string
    must(await run(a.acquire(key, winner, LONG)), "the owner must be able to extend its lease")
    must(!(await run(b.acquire(key, "five", LONG))), "nobody else may get it meanwhile")
  },

  "frees the lease when its owner gives it back": async ({ key, a, b }) => {
    await run(a.acquire(key, "one", LONG))
    await run(a.release(key, "one"))
    must(await run(b.acquire(key, "two", LONG)), "a lease that was given back must be free")
  },

  "lets nobody give back another's lease (T17)": async ({ key, a, b }) => {
    await run(a.acquire(key, "one", LONG))
    await run(b.release(key, "two"))
    must(!(await run(b.acquire(key, "two", LONG))), "a release by somebody else must change nothing")
    await run(b.release(`${key}|never`, "two"))
  },

  "frees the lease when its time is over, and not before it was extended to (T15)": async ({ key, a, b }) => {
    must(await run(a.acquire(key, "one", SHORT)), "a free lease must be given")
    must(!(await run(b.acquire(key, "two", LONG))), "a lease must last until its time is over")
    await eventually(() => run(b.acquire(key, "two", SHORT)), "a lease must end with its time")
    must(await run(b.acquire(key, "two", LONG)), "a lease must be extendable")
    await new Promise((resolve) => setTimeout(resolve, SHORT * 2))
    must(!(await run(a.acquire(key, "one", LONG))), "an extended lease must last as long as it was extended to")
  },

  "does not give a lease that another took over back to its late owner": async ({ key, a, b }) => {
    await run(a.acquire(key, "one", SHORT))
    await eventually(() => run(b.acquire(key, "two", LONG)), "a lease must end with its time")
    await run(a.release(key, "one"))
    must(!(await run(a.acquire(key, "one", LONG))), "the new owner's lease must stand")
  },

  "wakes subscribers in every process when the record changes": async (bench) => {
    const { a, b, key } = bench
    const [atA, atB] = [await listen(bench, a), await listen(bench, b)]
    await run(a.write(key, full(1)))
    await eventually(() => atA() > 0 && atB() > 0, "a write must wake every subscriber")
  },

  "wakes subscribers in every process when the lease is given back": async (bench) => {
    const { a, b, key } = bench
    await run(a.acquire(key, "one", LONG))
    const [atA, atB] = [await listen(bench, a), await listen(bench, b)]
    await run(a.release(key, "one"))
    await eventually(() => atA() > 0 && atB() > 0, "a released lease must wake every subscriber")
  },

  "wakes subscribers when the last holder ends the session": async (bench) => {
    const { a, b, key } = bench
    await run(a.write(key, full(1)))
    await run(a.hold(key, "one", LONG))
    const heard = await listen(bench, b)
    await run(a.leave(key, "one", true))
    await eventually(() => heard() > 0, "the end of a session must wake every subscriber")
  },

  "wakes nobody after the subscription's scope has closed": async (bench) => {
    const { a, key } = bench
    const scope = await run(Scope.make())
    let heard = 0
    await run(
      Scope.provide(
        a.subscribe(key, () => void heard++),
        scope
      )
    )
    const other = await listen(bench, a)
    await run(a.write(key, full(1)))
    await eventually(() => heard > 0 && other() > 0, "both must be woken while they are open")
    await run(Scope.close(scope, Exit.void))
    const before = [heard, other()] as const
    await run(a.write(key, full(2)))
    await eventually(() => other() > before[1], "the other subscription must go on")
    must(heard === before[0], "a closed subscription must stay silent")
  },

  "lets every holder but the last leave without ending the session": async ({ key, a, b }) => {
    await run(a.write(key, full(1)))
    await run(a.hold(key, "one", LONG))
    await run(b.hold(key, "two", LONG))
    must((await run(a.leave(key, "one", true))) === undefined, "there is nothing to sign out while somebody holds on")
    must(same(await run(a.read(key)), full(1)), "the record must stay while somebody holds on")
    const last = await run(b.leave(key, "two", true))
    must(last !== undefined && same(last, full(1)), "the last holder must get the record as it was")
  },

  "takes the tokens out as the last holder leaves, and keeps version and generation": async (bench) => {
    const { a, b, key } = bench
    await listen(bench, a)
    await run(a.write(key, full(1)))
    await run(a.hold(key, "one", LONG))
    await run(a.leave(key, "one", true))
    const ended = await run(b.read(key))
    must(
      ended.tokens === undefined && ended.marker === undefined && ended.proof === undefined,
      "nothing secret may stay"
    )
    must(ended.version > 1, "the end is a change: the version must grow")
    must(ended.generation === full(1).generation, "the generation must not go back")
    must(!(await run(a.write(key, full(2)))), "a renewal in flight must not bring the session back to life (T54)")
  },

  "gives the record to one only of two last holders that leave at once": async ({ key, a, b }) => {
    await run(a.write(key, full(1)))
    await run(a.hold(key, "one", LONG))
    await run(b.hold(key, "two", LONG))
    const left = await Promise.all([run(a.leave(key, "one", true)), run(b.leave(key, "two", true))])
    const got = left.filter((record) => record?.tokens !== undefined)
    must(got.length === 1, `one of them must sign out, not ${got.length}`)
  },

  "keeps the session when the last holder leaves without ending it": async ({ key, a, b }) => {
    await run(a.write(key, full(1)))
    await run(a.hold(key, "one", LONG))
    must((await run(a.leave(key, "one", false))) === undefined, "without `end` nothing is taken out")
    must(same(await run(b.read(key)), full(1)), "the record must stay as it was")
    await run(b.hold(key, "two", LONG))
    must((await run(b.leave(key, "two", true)))?.tokens !== undefined, "a holder that left must not be counted")
  },

  "does not count a holder whose time is over, and counts one that says it is alive": async ({ key, a, b }) => {
    await run(a.write(key, full(1)))
    await run(a.hold(key, "dead", SHORT))
    await run(a.hold(key, "alive", SHORT))
    await run(a.hold(key, "alive", LONG))
    await run(b.hold(key, "one", LONG))
    must((await run(b.leave(key, "one", true))) === undefined, "a holder that said it is alive must be counted")
    await eventually(async () => {
      await run(b.hold(key, "one", LONG))
      await run(b.leave(key, "one", false))
      return (await run(a.leave(key, "alive", true)))?.tokens !== undefined
    }, "a holder must be forgotten when its time is over")
  },

  "lets a holder leave that was never counted, or twice": async ({ key, a, b }) => {
    await run(a.write(key, full(1)))
    await run(a.hold(key, "one", LONG))
    must((await run(b.leave(key, "never", true))) === undefined, "a stranger's leave must change nothing")
    await run(a.leave(key, "one", true))
    must((await run(a.leave(key, "one", true)))?.tokens === undefined, "there are no tokens to give a second time")
  },

  "never disturbs a compare-and-set by leases, holders and heartbeats": async ({ key, a, b }) => {
    await run(a.write(key, full(1)))
    await run(b.hold(key, "two", LONG))
    await run(b.acquire(key, "two", LONG))
    await run(b.release(key, "two"))
    await run(b.leave(key, "two", false))
    must(await run(a.write(key, full(2))), "only a write may change the version")
  },

  "lists what is kept and who uses it, if it can list at all": async ({ key, a, b }) => {
    const { list } = b
    if (list === undefined) return
    const listed = async () => (await run(list)).filter((one) => one.key === key)
    must((await listed()).length === 0, "what was never written must not be listed")
    await run(a.write(key, full(1)))
    await run(a.hold(key, "one", LONG))
    await run(a.hold(key, "two", LONG))
    await run(a.acquire(key, "one", LONG))
    const [kept, ...more] = await listed()
    must(kept !== undefined && more.length === 0, "a key must be listed once")
    must(kept?.holders === 2, "each living holder must be counted once")
    must(Number(kept?.leased) > 0 && Number(kept?.leased) <= LONG, "the lease's remaining time must be told")
    await run(a.release(key, "one"))
    await run(a.leave(key, "one", false))
    const [left] = await listed()
    must(left?.holders === 1 && left.leased === 0, "a holder that left and a lease given back must not be told of")
  }
}

/** What holds for stores that several processes share. */
const shared: Record<string, (bench: Bench) => Promise<void>> = {
  "keeps version and generation of an ended session though nobody is left": async ({ key, a, b }) => {
    await run(a.write(key, full(1)))
    await run(a.hold(key, "one", LONG))
    await run(a.leave(key, "one", true))
    const ended = await run(b.read(key))
    must(ended.version === 2 && ended.generation === full(1).generation, "neither may ever go back")
    must(
      await run(b.write(key, SessionRecord.next(ended, { generation: 3, tokens: tokens("new") }))),
      "it goes on from there"
    )
  }
}

/**
 * The contract of a `SessionStore`, each clause a case. `make` opens the store; for one that is `shared` it is called twice
 * a case and must open the same data each time, as two processes would. Each case uses keys of its own; stores that have
 * `Symbol.asyncDispose` are disposed of. Cases take real time, at most some seconds, and may run in any order.
 */
export const storeContract = (make: () => Closable | Promise<Closable>): ReadonlyArray<StoreCase> =>
  [...Object.entries(cases), ...Object.entries(shared)].map(([name, check]) => ({
    name,
    run: async () => {
      const a = await make()
      const b = a.shared ? await make() : a
      const scope = await run(Scope.make())
      try {
        if (a.shared || !(name in shared)) await check({ key: `contract|${randomId()}`, a, b, scope })
      } finally {
        await run(Scope.close(scope, Exit.void))
        await a[Symbol.asyncDispose]?.()
        if (b !== a) await b[Symbol.asyncDispose]?.()
      }
    }
  }))
