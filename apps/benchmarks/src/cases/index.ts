/** The cases, in the order in which they run. */
import type { Case } from "../case.ts"
import { coalesce } from "./coalesce.ts"
import { hotPath } from "./hot-path.ts"
import { sessions } from "./sessions.ts"

export const cases: ReadonlyArray<Case> = [hotPath, coalesce, sessions]
