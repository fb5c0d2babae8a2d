/** The Bench step: people, projects, roles with who fills them, time away and certifications, of every account. */
import * as Effect from "effect/Effect"
import type * as Facts from "../facts.ts"
import { Pool } from "../pool.ts"
import { failed, type Outcome, track } from "../step.ts"
import type { Items, List } from "./bench-lists.ts"
import { PAGE } from "./pages.ts"

/** The order in which lists are told of. */
const order = ["accounts", "projects", "people", "roles", "hourly roles", "time away", "certifications"] as const

/** How one list went. */
export interface ListOutcome {
  readonly list: List | "accounts"
  readonly items: number
  /** Why it could not be read, and what to do. */
  readonly error: string | undefined
}

/** Everything that was read; a list that could not be is `undefined`. */
export interface Reading {
  readonly accounts: ReadonlyArray<Facts.Account>
  readonly projects: ReadonlyArray<Facts.Project> | undefined
  readonly people: ReadonlyArray<Facts.Person> | undefined
  readonly roles: ReadonlyArray<Facts.Role> | undefined
  readonly absences: ReadonlyArray<Facts.Absence> | undefined
  readonly certifications: ReadonlyArray<Facts.Certification> | undefined
  readonly outcomes: ReadonlyArray<ListOutcome>
}

/**
 * The parts that a list is read in: one a process, of whole pages. How long a list is can only be guessed beforehand, so
 * the last part has no end.
 */
export const partsOf = (expected: number, processes: number) => {
  const parts = Math.max(1, Math.min(processes, Math.ceil(expected / PAGE)))
  const size = Math.ceil(expected / parts / PAGE) * PAGE
  return Array.from({ length: parts }, (_, i) => ({ from: i * size, to: i + 1 < parts ? (i + 1) * size : null }))
}

const sum = (counts: ReadonlyArray<number>): number => counts.reduce((all, count) => all + count, 0)

/** Reads everything. A list that fails is in the outcomes, and the others are read all the same. */
export const bench = Effect.gen(function* () {
  const pool = yield* Pool
  const tracker = yield* track("bench")
  const outcomes: Array<ListOutcome> = []
  const problems: Array<string> = []

  const accounts = yield* Effect.result(pool.perform("bench.accounts", {}, tracker.done))
  if (accounts._tag === "Failure") return failed(`The accounts cannot be read. ${accounts.failure.message}`)
  if (accounts.success.length === 0) {
    return failed("This login sees no account. Ask an administrator of Bench to give it access to one.")
  }
  outcomes.push({ list: "accounts", items: accounts.success.length, error: undefined })

  /** Reads a list of every account, in parts. What two parts both hold counts once. */
  const read = <L extends List>(list: L, expected: (account: Facts.Account) => number) =>
    Effect.forEach(
      accounts.success.flatMap((account) => {
        const count = expected(account)
        tracker.expect(count)
        return partsOf(count, pool.size).map((part) => ({ list, account: account.id, ...part }))
      }),
      (part) => pool.perform("bench.list", part, tracker.done),
      { concurrency: "unbounded" }
    ).pipe(
      Effect.match({
        onSuccess: (parts) => {
          const items = [...new Map(parts.flat().map((item) => [item.id, item])).values()]
          outcomes.push({ list, items: items.length, error: undefined })
          tracker.done(0, `${list}: ${items.length}`)
          // The list of a part decides what its items are.
          return items as ReadonlyArray<unknown> as ReadonlyArray<Items[L]>
        },
        onFailure: ({ message }) => {
          outcomes.push({ list, items: 0, error: message })
          problems.push(`${list}: ${message}`)
          tracker.done(0, `could not read ${list}`)
          return undefined
        }
      })
    )

  const projects = yield* read("projects", ({ counts }) => counts.projects)
  const ofAccount = (account: Facts.Account, count: (project: Facts.Project) => number) =>
    sum((projects ?? []).filter((project) => project.account === account.id).map(count))

  const [people, salaried, hourly, absences, certifications] = yield* Effect.all(
    [
      read("people", ({ counts }) => counts.people),
      read("roles", (account) => ofAccount(account, ({ counts }) => counts.roles)),
      read("hourly roles", (account) => ofAccount(account, ({ counts }) => counts.hourlyRoles)),
      read("time away", () => 0),
      read("certifications", () => 0)
    ],
    { concurrency: "unbounded" }
  )

  const roles = salaried && hourly && [...salaried, ...hourly]
  // In one order, whichever ended first.
  outcomes.sort((a, b) => order.indexOf(a.list) - order.indexOf(b.list))
  const value: Reading = { accounts: accounts.success, projects, people, roles, absences, certifications, outcomes }
  const readable = outcomes.filter(({ error, list }) => error === undefined && list !== "accounts")
  return {
    status: problems.length === 0 ? "done" : "partial",
    value,
    text: `read ${readable.map(({ items, list }) => `${items} ${list}`).join(", ")}`,
    problems
  } satisfies Outcome<Reading> as Outcome<Reading>
})
