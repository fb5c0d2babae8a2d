/** What is kept of a session, and how each step changes it: pure functions of what is there. */
import type { Stored } from "@keyturn/auth/TextStore"

/** Who may change the record. Times are of the wall clock, the only one that tabs share. */
export interface Lease {
  readonly owner: string
  /** Whose lease it is among the stores (see `Member`); empty where that is not known. */
  readonly member: string
  readonly until: number
  readonly ttl: number
}

/** Who uses the session. */
export interface Holder {
  readonly holder: string
  readonly member: string
  readonly until: number
}

/** All that is kept of one session. */
export interface State {
  readonly record?: Stored | undefined
  readonly lease?: Lease | undefined
  readonly holders: ReadonlyArray<Holder>
}

/** A step's answer, and the state after it if that is another. */
export interface Outcome<A> {
  readonly answer: A
  readonly next?: State
}

/** Nothing. */
export const empty: State = { holders: [] }

/** Stores `record` if the stored version is the one before (0: none), or if that is what is stored. */
export const write = (state: State, record: Stored): Outcome<boolean> => {
  const { text, version = 0 } = state.record ?? {}
  if (version === record.version - 1) return { answer: true, next: { ...state, record } }
  return { answer: version === record.version && text === record.text }
}

/** Takes the lease, also from a member that is dead; answers whose it is otherwise. */
export const acquire = (
  state: State,
  mine: Omit<Lease, "until">,
  now: number,
  dead: string | undefined
): Outcome<Lease | undefined> => {
  const { lease } = state
  const free = lease === undefined || lease.owner === mine.owner || lease.until <= now || lease.member === dead
  if (free) return { answer: undefined, next: { ...state, lease: { ...mine, until: now + mine.ttl } } }
  // Somebody set the clock back: nobody may have to wait longer than the lease was given for.
  const longest = now + lease.ttl
  return lease.until > longest
    ? { answer: lease, next: { ...state, lease: { ...lease, until: longest } } }
    : { answer: lease }
}

/** Gives the lease back if it is this owner's. */
export const release = (state: State, owner: string): Outcome<boolean> =>
  state.lease?.owner === owner ? { answer: true, next: { ...state, lease: undefined } } : { answer: false }

const without = (state: State, holder: string, now: number) =>
  state.holders.filter((one) => one.holder !== holder && one.until > now)

/** Counts a holder. */
export const hold = (state: State, mine: Holder, now: number): Outcome<void> => ({
  answer: undefined,
  next: { ...state, holders: [...without(state, mine.holder, now), mine] }
})

/** As `Engine.leave`; `dead` members hold nothing. */
export const leave = (
  state: State,
  holder: string,
  end: Stored | undefined,
  now: number,
  dead: ReadonlySet<string>
): Outcome<"held" | "left" | "changed"> => {
  const left = { ...state, holders: without(state, holder, now).filter(({ member }) => !dead.has(member)) }
  if (left.holders.length > 0) return { answer: "held", next: left }
  if (end === undefined) return { answer: "left", next: left }
  const { answer, next = left } = write(left, end)
  return { answer: answer ? "left" : "changed", next }
}
