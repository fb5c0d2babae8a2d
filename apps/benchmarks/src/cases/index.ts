/** The cases, in the order in which they run. */
import type { Case } from "../case.ts"
import { bundle } from "./bundle.ts"
import { coalesce } from "./coalesce.ts"
import { fleet } from "./fleet.ts"
import { generation } from "./generate.ts"
import { hotPath } from "./hot-path.ts"
import { instructions } from "./instructions.ts"
import { sessions } from "./sessions.ts"
import { stores } from "./stores.ts"
import { types } from "./types.ts"

export const cases: ReadonlyArray<Case> = [
  hotPath,
  instructions,
  coalesce,
  fleet,
  sessions,
  generation,
  types,
  bundle,
  stores
]
