/** What strikes processes and everybody, by the weather. It is gone once the weather clears. */
import type { Authority } from "../support/authority.ts"
import type { Oracle } from "./oracle.ts"
import { DRIFT, type Plan } from "./plan.ts"
import type { Machine, World } from "./world.ts"

export class Trouble {
  /** The weather has cleared: nothing goes wrong any more. */
  over = false
  /** Until when the store is not there. */
  storeBackAt = 0
  /** Has everybody send requests for a while: set by whoever knows the processes. */
  hurry: (millis: number) => void = () => {}
  private readonly world: World
  private readonly plan: Plan
  private readonly oracle: Oracle
  private readonly authority: Authority

  constructor(world: World, plan: Plan, oracle: Oracle, authority: Authority) {
    this.world = world
    this.plan = plan
    this.oracle = oracle
    this.authority = authority
  }

  /** Whether what the weather has, with this probability, strikes now. */
  strikes(kind: keyof Plan["weather"], probability: number): boolean {
    return !this.over && this.plan.weather[kind] && this.world.chance(probability)
  }

  /** At a step of a call: the process may die or stand still just there, and the others go on meanwhile. */
  at(machine: Machine, step: string, weight: number): void {
    if (machine.dead || machine.pausedUntil > this.world.time) return
    if (this.strikes("crashes", 0.03 * weight)) {
      this.crash(machine, step)
      this.hurry(30_000)
    } else if (this.strikes("pauses", 0.08 * weight)) {
      // A little longer than its lease: it wakes while its successor is at work.
      const pause = this.world.between(7000, 13_000)
      this.pause(machine, pause, step)
      if (this.world.chance(0.5)) this.stranger()
      this.hurry(pause)
    }
  }

  crash(machine: Machine, step: string): void {
    machine.dead = true
    this.oracle.fault(machine, () => `dies ${step}`)
  }

  pause(machine: Machine, millis: number, step: string): void {
    machine.pausedUntil = Math.max(machine.pausedUntil, this.world.time + millis)
    this.oracle.fault(machine, () => `stands still for ${millis} ms ${step}`)
  }

  stranger(): void {
    this.oracle.fault("server", () => "a stranger signs in")
    this.authority.stranger(this.world.now())
  }

  /** Somebody sets a clock. */
  jump(machine: Machine): void {
    machine.ahead = this.world.between(-DRIFT, DRIFT)
    this.oracle.fault(machine, () => `has its clock set ${machine.ahead} ms off`)
  }
}
