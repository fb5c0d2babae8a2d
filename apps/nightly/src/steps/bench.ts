/** The Bench part of the run: reads people, projects, roles with who fills them, and time away, of every account. */
import * as Effect from "effect/Effect"
import * as Facts from "../facts.ts"
import { explain, NoAccounts } from "../failure.ts"
import { Progress } from "../progress.ts"
import { Bench } from "../session.ts"
import { type Answer, makeReader, type ReadError } from "./pages.ts"

/** The lists that are read, by the names the report gives them. */
export type List = "accounts" | "projects" | "people" | "roles" | "hourly roles" | "time away"

/** How one list went. */
export interface Outcome {
  readonly list: List
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
  readonly outcomes: ReadonlyArray<Outcome>
}

/** Reads everything. Fails only when there is nothing to go on with; a list that fails is in the outcomes. */
export const read = Effect.gen(function* () {
  const bench = (yield* Bench).withResponse
  const progress = yield* Progress
  const reader = makeReader()
  const outcomes: Array<Outcome> = []

  /** Runs one list's reading to an outcome. */
  const list = <A>(name: List, reading: Effect.Effect<ReadonlyArray<A>, ReadError>) =>
    Effect.matchEffect(reading, {
      onSuccess: (items) =>
        Effect.sync((): ReadonlyArray<A> | undefined => {
          outcomes.push({ list: name, items: items.length, error: undefined })
          progress.done(name, items.length)
          return items
        }),
      onFailure: (error) =>
        Effect.sync((): ReadonlyArray<A> | undefined => {
          outcomes.push({ list: name, items: 0, error: explain(error) })
          progress.failed(name)
          return undefined
        })
    })

  type Query = { readonly offset: number; readonly limit: number }

  /** The same list of every account, one after the other: page by page is concurrent enough. */
  const ofEach = <A, B extends { readonly id: string }>(
    name: List,
    get: (accountId: number, query: Query) => Effect.Effect<Answer<A>, ReadError>,
    fact: (accountId: number, item: A) => B
  ) =>
    list(
      name,
      Effect.map(
        Effect.forEach(accounts, ({ id }) =>
          reader.pages(
            (query) => get(id, query),
            (item) => fact(id, item),
            (items) => progress.read(name, items)
          )
        ),
        (all) => all.flat()
      )
    )

  const accounts = yield* reader
    .pages(
      (query) => bench.GET("/rp/api/v1/Accounts", { params: { query } }),
      (item) => {
        progress.expect((item.numProjects ?? 0) + (item.numPeople ?? 0))
        return Facts.account(item)
      },
      (items) => progress.read("accounts", items)
    )
    .pipe(Effect.mapError((error) => new NoAccounts({ message: `The accounts cannot be read. ${explain(error)}` })))
  if (accounts.length === 0) {
    return yield* new NoAccounts({
      message: "This login sees no account. Ask an administrator of Bench to give it access to one."
    })
  }
  outcomes.push({ list: "accounts", items: accounts.length, error: undefined })
  progress.done("accounts", accounts.length)

  const projects = yield* ofEach(
    "projects",
    (accountId, query) =>
      bench.GET("/rp/api/v1/accounts/{accountId}/Projects", { params: { path: { accountId }, query } }),
    (accountId, item) => {
      progress.expect((item.totalRoles ?? 0) + (item.totalHourlyRoles ?? 0))
      return Facts.project(accountId, item)
    }
  )

  const [people, salaried, hourly, absences] = yield* Effect.all(
    [
      ofEach(
        "people",
        (accountId, query) =>
          bench.GET("/rp/api/v1/accounts/{accountId}/Persons", {
            params: { path: { accountId }, query: { ...query, state: "All" } }
          }),
        Facts.person
      ),
      ofEach(
        "roles",
        // Roles of the preconstruction phase are missing unless asked for.
        (accountId, query) =>
          bench.GET("/rp/api/v1/Accounts/{accountId}/roles", {
            params: { path: { accountId }, query: { ...query, type: "All" } }
          }),
        Facts.role
      ),
      ofEach(
        "hourly roles",
        (accountId, query) =>
          bench.GET("/rp/api/v1/Accounts/{accountId}/hourly-roles", { params: { path: { accountId }, query } }),
        Facts.role
      ),
      list(
        "time away",
        Effect.map(
          // One answer holds all of an account; there are no pages.
          Effect.forEach(accounts, ({ id }) =>
            reader.whole(
              bench.GET("/rp/api/v1/accounts/{accountId}/persons/unavailabilities", {
                params: { path: { accountId: id } }
              }),
              (entry) => Facts.absences(id, entry)
            )
          ),
          (all) => [...new Map(all.flat(2).map((absence) => [absence.id, absence])).values()]
        )
      )
    ],
    { concurrency: "unbounded" }
  )

  const roles = salaried && hourly && [...salaried, ...hourly]
  return { accounts, projects, people, roles, absences, outcomes } satisfies Reading as Reading
})
