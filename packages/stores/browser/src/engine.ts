import type { Engine } from "@keyturn/auth/TextStore"
import { type Database, makeDatabase } from "./database.ts"
import { makeMember } from "./member.ts"
import * as State from "./state.ts"
import { makeWakes } from "./wakes.ts"

/**
 * The least time that a hidden tab's holders count for, in milliseconds: its timers may run but once a minute, and with
 * them its heartbeat.
 */
const HIDDEN = 180_000

/** The engine, and its ends. */
export const makeEngine = (name: string): Engine & Pick<Database, "open"> & { readonly close: () => Promise<void> } => {
  const { close, open, read, update } = makeDatabase(name)
  const member = makeMember(name)
  const wakes = makeWakes(name, async (key) => {
    const { lease, record } = await read(key)
    return JSON.stringify([record?.version, lease?.owner])
  })

  return {
    open,
    read: async (key) => (await read(key)).record,
    write: async (key, next) => {
      const stored = await update(key, true, (state) => State.write(state, next))
      if (stored) wakes.tell(key)
      return stored
    },
    acquire: async (key, owner, ttl) => {
      const mine = { owner, ttl, member: await member.join() }
      const take = (dead?: string) => update(key, false, (state) => State.acquire(state, mine, Date.now(), dead))
      const theirs = await take()
      if (theirs === undefined) return true
      // The browser knows at once that a tab has gone; the deadline is for one that hangs or is frozen.
      const isDead = await member.isDead()
      return isDead(theirs.member) && (await take(theirs.member)) === undefined
    },
    release: async (key, owner) => {
      if (await update(key, false, (state) => State.release(state, owner))) wakes.tell(key)
    },
    subscribe: wakes.add,
    hold: async (key, holder, ttl) => {
      const id = await member.join()
      const longer = globalThis.document?.visibilityState === "hidden" ? Math.max(ttl, HIDDEN) : ttl
      const at = () => Date.now()
      await update(key, false, (state) => State.hold(state, { holder, member: id, until: at() + longer }, at()))
    },
    leave: async (key, holder, end) => {
      // A member takes its lock before it writes: whoever is seen here and has no lock afterwards is dead for good.
      const seen = (await read(key)).holders.map((one) => one.member)
      const dead = new Set(seen.filter(await member.isDead()))
      const outcome = await update(key, end !== undefined, (state) => State.leave(state, holder, end, Date.now(), dead))
      if (outcome === "left" && end !== undefined) wakes.tell(key)
      return outcome
    },
    close: async () => {
      wakes.close()
      member.leave()
      close()
    }
  }
}
