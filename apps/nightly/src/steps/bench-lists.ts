/** Reads one list of Bench, or a part of one, in whichever process has time for it. */
import * as Effect from "effect/Effect"
import * as Facts from "../facts.ts"
import { Sessions } from "../sessions.ts"
import { type Answer, makeReader } from "./pages.ts"
import type { ReadError } from "./patience.ts"

/** What the lists of an account hold. */
export interface Items {
  readonly projects: Facts.Project
  readonly people: Facts.Person
  readonly roles: Facts.Role
  readonly "hourly roles": Facts.Role
  readonly "time away": Facts.Absence
  readonly certifications: Facts.Certification
}

export type List = keyof Items

/** A list of an account, or a part of it. */
export interface Part<L extends List = List> {
  readonly list: L
  readonly account: number
  /** The first entry. */
  readonly from: number
  /** Where the next part begins; null reads to the end. */
  readonly to: number | null
}

type Tell = (items: number, text: string) => void

/** What a process can read of Bench. */
export interface Lists {
  /** The accounts that the login sees. */
  readonly accounts: (tell: Tell) => Effect.Effect<ReadonlyArray<Facts.Account>, ReadError, Sessions>
  readonly read: (part: Part, tell: Tell) => Effect.Effect<ReadonlyArray<Items[List]>, ReadError, Sessions>
}

/** The readers of one process: its requests share one limit. */
export const makeLists = (processes: number): Lists => {
  const reader = makeReader(processes)

  const accounts: Lists["accounts"] = (tell) =>
    Effect.gen(function* () {
      const bench = (yield* (yield* Sessions).bench).withResponse
      return yield* reader.pages(
        (query) => bench.GET("/rp/api/v1/Accounts", { params: { query } }),
        Facts.account,
        (items) => tell(items, "accounts")
      )
    })

  const read: Lists["read"] = (part, tell) =>
    Effect.gen(function* () {
      const bench = (yield* (yield* Sessions).bench).withResponse
      const { account: accountId, list } = part
      const pages = <A, B extends { readonly id: string }>(
        get: (query: { readonly offset: number; readonly limit: number }) => Effect.Effect<Answer<A>, ReadError>,
        fact: (accountId: number, item: A) => B
      ) =>
        reader.pages(
          get,
          (item) => fact(accountId, item),
          (items) => tell(items, list),
          part
        )
      const path = { accountId }
      switch (list) {
        case "projects":
          return yield* pages(
            (query) => bench.GET("/rp/api/v1/accounts/{accountId}/Projects", { params: { path, query } }),
            Facts.project
          )
        case "people":
          return yield* pages(
            (query) =>
              bench.GET("/rp/api/v1/accounts/{accountId}/Persons", {
                params: { path, query: { ...query, state: "All" } }
              }),
            Facts.person
          )
        case "roles":
          // Roles of the preconstruction phase are missing unless asked for.
          return yield* pages(
            (query) =>
              bench.GET("/rp/api/v1/Accounts/{accountId}/roles", {
                params: { path, query: { ...query, type: "All" } }
              }),
            Facts.role
          )
        case "hourly roles":
          return yield* pages(
            (query) => bench.GET("/rp/api/v1/Accounts/{accountId}/hourly-roles", { params: { path, query } }),
            Facts.role
          )
        case "time away": {
          // One answer holds all of an account; there are no pages.
          const all = yield* reader.whole(
            bench.GET("/rp/api/v1/accounts/{accountId}/persons/unavailabilities", { params: { path } }),
            (entry) => Facts.absences(accountId, entry)
          )
          tell(all.length, list)
          return all.flat()
        }
        case "certifications": {
          // One object a page, with a member for each person.
          const all = yield* pages(
            (query) =>
              Effect.map(
                bench.GET("/rp/api/v1/Accounts/{accountId}/person-certifications", { params: { path, query } }),
                ({ data, response }) => ({ data: Object.entries(data), response })
              ),
            (accountId, [person, held]) => ({ id: person, held: Facts.certifications(accountId, person, held) })
          )
          return all.flatMap(({ held }) => held)
        }
      }
    })

  return { accounts, read }
}
