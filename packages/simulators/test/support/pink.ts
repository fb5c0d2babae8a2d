/** Requests to a simulated pink, each answer held against the document. */
import { createHash, randomBytes } from "node:crypto"
import { assert } from "@effect/vitest"
import { type PinkOptions, type PinkSimulator, pink } from "@keyturn/simulators"
import { judgeBy } from "./document.ts"

export const judge = judgeBy("pink")
export const redirectUri = "http://127.0.0.1:4999/callback"
export type Json = Record<string, unknown>

export const ask = async (server: PinkSimulator, path: string, init: RequestInit & { method: string }) => {
  const answer = await fetch(server.url + path, { redirect: "manual", ...init })
  await judge.check(init.method, server.url + path, answer)
  return answer
}

export const verifier = randomBytes(32).toString("base64url")
export const challenge = createHash("sha256").update(verifier).digest("base64url")

export const authorizeQuery = (changes: Record<string, string | undefined> = {}) => {
  const parameters: Record<string, string | undefined> = {
    response_type: "code",
    client_id: "pink-nightly",
    redirect_uri: redirectUri,
    scope: "reports.read reports.write",
    state: "s-1",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...changes
  }
  return new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  )
}

export const authorize = (server: PinkSimulator, changes: Record<string, string | undefined> = {}) =>
  ask(server, `/oauth/authorize?${authorizeQuery(changes)}`, { method: "GET" })

/** The parameters that the redirect brings back. */
export const returned = (answer: Response) => {
  assert.strictEqual(answer.status, 302)
  return Object.fromEntries(new URL(answer.headers.get("location") ?? "").searchParams)
}

export const token = (server: PinkSimulator, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  ask(server, "/oauth/token", { method: "POST", headers, body: new URLSearchParams(fields) })

export const exchange = async (
  server: PinkSimulator,
  changes: Record<string, string | undefined> = {},
  fields: Record<string, string> = {}
) => {
  const { code } = returned(await authorize(server, changes))
  return token(server, {
    grant_type: "authorization_code",
    client_id: "pink-nightly",
    redirect_uri: redirectUri,
    code: code as string,
    code_verifier: verifier,
    ...fields
  })
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in?: number
  readonly scope?: string
}

export const tokensOf = async (answer: Response | Promise<Response>): Promise<Tokens> => {
  const done = await answer
  assert.strictEqual(done.status, 200, await done.clone().text())
  return (await done.json()) as Tokens
}

export const refresh = (server: PinkSimulator, refresh_token: string, more: Record<string, string> = {}) =>
  token(server, { grant_type: "refresh_token", client_id: "pink-nightly", refresh_token, ...more })

export const errorOf = async (answer: Response): Promise<[number, unknown]> => [
  answer.status,
  ((await answer.json()) as Json).error
]

export const get = (server: PinkSimulator, path: string, access?: string) =>
  ask(server, path, { method: "GET", headers: access === undefined ? {} : { authorization: `Bearer ${access}` } })

export const clicked = (options: PinkOptions = {}) =>
  pink.listen({ ...options, switches: { consent: "allow", ...options.switches } })
