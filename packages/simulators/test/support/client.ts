/** Plain requests to a simulated Bench, each answer held against the document. */
import type { BenchSimulator } from "@keyturn/simulators"
import { judgeBy } from "./document.ts"

export interface Tokens {
  readonly access_token: string
  readonly token_type: string
  readonly refresh_token: string
  readonly expiry: string
}

export const judge = judgeBy("bench")

/** The parts of the document that one test file answers for; the other one answers for the rest. */
export const planning = [
  "Session",
  "Accounts",
  "Projects",
  "Persons",
  "Roles",
  "Allocations",
  "Availabilities",
  "Unavailabilities"
]

/** The operations of a part that nothing has answered with success yet. */
export const unanswered = (part: (tag: string) => boolean): ReadonlyArray<string> =>
  judge.tagged(part).filter((operation) => !judge.seen.has(operation))

const checked = async (
  server: BenchSimulator,
  path: string,
  init: RequestInit & { method: string },
  sent?: unknown
) => {
  const url = server.url + path
  const answer = await fetch(url, init)
  await judge.check(init.method, url, answer, sent)
  return answer
}

export const signIn = (server: BenchSimulator, { login, password }: { login: string; password: string }) =>
  checked(server, "/auth/signin", { method: "POST", body: new URLSearchParams({ username: login, password }) })

export const tokensOf = async (answer: Response | Promise<Response>): Promise<Tokens> =>
  (await (await answer).json()) as Tokens

export const refresh = (server: BenchSimulator, token: string) =>
  checked(server, "/auth/token", {
    method: "POST",
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token })
  })

export const signOut = (server: BenchSimulator, token: string) =>
  checked(server, "/auth/signout", { method: "POST", headers: { authorization: `Bearer ${token}` } })

/** A request with a token; a body, when given, is sent as JSON. */
export const call = (server: BenchSimulator, token: string, method: string, path: string, body?: unknown) =>
  checked(
    server,
    path,
    {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) })
    },
    body
  )

export const accounts = (server: BenchSimulator, token: string) => call(server, token, "GET", "/rp/api/v1/Accounts")
