/** What the makers of an account's other records share. */
import type { Random } from "../random.ts"
import { plus } from "./days.ts"
import type { Principal } from "./options.ts"
import type { World } from "./world.ts"

/** What everything here is made with. */
export interface Parts {
  readonly world: World
  readonly random: Random
  readonly today: string
  readonly principals: ReadonlyArray<Principal>
}

/** Some time in the last days. */
export const instant = ({ random, today }: Parts, daysBack: number): string =>
  new Date(Date.parse(plus(today, -random.between(1, daysBack))) + random.between(0, 86_399_999)).toISOString()
