/**
 * The judge. It knows the server's log, the history of the store and what went wrong, and believes nobody: what a process
 * says of itself proves nothing.
 */
import type { SessionRecord } from "@keyturn/auth/SessionRecord"
import * as Redacted from "effect/Redacted"
import type { Operation } from "../support/authority.ts"
import type { Plan } from "./plan.ts"
import type { Machine, World } from "./world.ts"

interface Lease {
  readonly machine: Machine
  readonly since: number
  until: number
  released: boolean
}

/** A sign-in or refresh that is out. */
export interface Flight {
  readonly machine: Machine
  readonly operation: Operation
}

/** How often a refresh token came to the server, and who sent it first. */
interface Spent {
  readonly by: Machine
  readonly at: number
  /** How far its clock was off just then. */
  readonly ahead: number
  times: number
}

/** For how long a fault may be the reason of what a process does, in milliseconds: the longest pause, and a few calls. */
const AFTERMATH = 60_000

const nothing: SessionRecord = { version: 0, generation: 0 }

const accessOf = ({ tokens }: SessionRecord): string => (tokens === undefined ? "" : Redacted.value(tokens.accessToken))

export class Oracle {
  readonly violations: Array<string> = []
  /** Everything that a sign-in may be owed to. */
  faults = 0
  /** How often the last holder's leaving ended the stored session. */
  ended = 0
  /** How many people have sat before a process that was opened. */
  opened = 0
  signIns = 0
  /** How many sign-ins were given up because their process was closed: what they made nobody knows. */
  abandoned = 0
  stored: SessionRecord = nothing
  /** When something last went wrong for everybody. */
  private troubledAt = -1
  private readonly leases = new Map<string, Lease>()
  /** Access tokens that were stored, or that the store failed to take. */
  private readonly known = new Set<string>()
  private readonly unsaved = new Set<string>()
  private readonly flying = new Set<Flight>()
  private readonly spent = new Map<string, Spent>()
  private readonly world: World
  private readonly plan: Plan

  constructor(world: World, plan: Plan) {
    this.world = world
    this.plan = plan
  }

  violate(what: string): void {
    this.world.say("!!", () => what)
    this.violations.push(what)
  }

  /** Something goes wrong: for a process, or for all. */
  fault(where: Machine | string, what: () => string, weight = 1): void {
    this.faults += weight
    if (typeof where === "string") this.troubledAt = this.world.time
    else where.troubledAt = this.world.time
    this.world.say(typeof where === "string" ? where : where.name, what)
  }

  /** Until when a process has a lease, by the store. */
  leasedUntil(machine: Machine): number {
    let until = 0
    for (const lease of this.leases.values()) if (lease.machine === machine) until = Math.max(until, lease.until)
    return until
  }

  leased(machine: Machine, owner: string, ttl: number): void {
    const since = this.leases.get(owner)?.since ?? this.world.time
    this.leases.set(owner, { machine, since, until: this.world.time + ttl, released: false })
  }

  released(owner: string): void {
    const lease = this.leases.get(owner)
    if (lease === undefined) return
    lease.until = Math.min(lease.until, this.world.time)
    lease.released = true
  }

  /** The store has lost every lease; gives their owners. */
  leasesLost(): ReadonlyArray<string> {
    const { time } = this.world
    const lost = [...this.leases].filter(([, { until }]) => until > time)
    for (const [, lease] of lost) lease.until = time
    return lost.map(([owner]) => owner)
  }

  /** Whether a process believes that it has a lease that has run out or got lost since something happened to it. */
  private isOutrun(machine: Machine): boolean {
    for (const lease of this.leases.values()) {
      if (lease.machine !== machine || lease.released || lease.until > this.world.time) continue
      if (Math.max(machine.troubledAt, this.troubledAt) >= lease.since) return true
    }
    return false
  }

  /** I10: a record has been replaced. */
  wrote(machine: Machine, next: SessionRecord): void {
    const before = this.stored
    this.stored = next
    if (next.marker !== undefined && this.leasedUntil(machine) <= this.world.time) {
      this.fault(machine, () => "takes the record over though its lease has run out")
    }
    if (next.generation < before.generation) this.violate("I10: a write took the generation back")
    if (next.generation > before.generation) {
      // Only the last one to write its marker may store what came of it.
      const owner = before.marker === undefined ? undefined : this.leases.get(before.marker.owner)?.machine
      if (owner !== machine && !this.unsaved.has(accessOf(next))) {
        this.violate(`I10: ${machine.name} stored tokens over the marker of ${owner?.name ?? "nobody"}`)
      }
    }
    if (next.tokens !== undefined) this.known.add(accessOf(next))
  }

  /** A write failed as far as its process can tell: it may go on with the tokens in it. */
  failedToWrite(next: SessionRecord): void {
    this.unsaved.add(accessOf(next))
  }

  /** I3: a token goes into a request. */
  sent(machine: Machine, token: string): void {
    if (this.known.has(token) || this.unsaved.has(token)) return
    this.violate(`I3: ${machine.name} used ${token} before it was stored`)
  }

  /** I2: a call leaves. A lease keeps others out; only who has slept through the end of his own does not know. */
  calls(flight: Flight): void {
    const outrun = this.isOutrun(flight.machine)
    for (const other of outrun ? [] : this.flying) {
      if (other.machine === flight.machine || this.leasedUntil(other.machine) <= this.world.time) continue
      this.violate(
        `I2: ${flight.machine.name} calls ${flight.operation} while ${other.machine.name} is at it under its lease`
      )
    }
    this.flying.add(flight)
  }

  landed(flight: Flight): void {
    this.flying.delete(flight)
  }

  /** I1: a refresh token has come to the server, which took it or found it used up. */
  redeemed(machine: Machine, token: string, sentAt: number): void {
    const first = this.spent.get(token)
    if (first === undefined) {
      this.spent.set(token, { by: machine, at: this.world.time, ahead: machine.ahead, times: 1 })
      return
    }
    // A grace is reckoned from the marker, which was written by another clock, and to the moment at which a call leaves.
    const since = sentAt - first.at
    if (this.plan.grace > 0 && since < this.plan.grace + Math.abs(machine.ahead - first.ahead)) return
    first.times++
    const most = this.plan.signIn === "headless" ? 1 : 2
    if (first.times > most) this.violate(`I1: ${token} was redeemed ${first.times} times outside the grace`)
    else if (this.isQuiet(first.by, first.at) && this.isQuiet(machine, first.at)) {
      this.violate(
        `I1: ${token} was redeemed twice, by ${first.by.name} and ${machine.name}, and nothing had gone wrong`
      )
    }
  }

  private isQuiet(machine: Machine, at: number): boolean {
    return !machine.dead && Math.max(machine.troubledAt, this.troubledAt) < at - AFTERMATH
  }

  /** I5: at no time have there been more sign-ins than the first, the sign-outs and what went wrong can explain. */
  signedIn(): void {
    const due = (this.plan.signIn === "headless" ? 1 + this.ended : this.opened) + this.faults
    if (++this.signIns <= due) return
    this.violate(`I5: ${this.signIns} sign-ins where ${due} would do (${this.faults} faults, ${this.ended} sign-outs)`)
  }
}
