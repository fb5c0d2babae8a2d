/** Short ways to ask a simulated Bench, each answer held against the document and against the status expected. */
import { afterAll, assert, beforeAll } from "@effect/vitest"
import { type BenchSimulator, bench } from "@keyturn/simulators"
import { call as request, signIn, tokensOf } from "./client.ts"

// biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is judged by the document, not by the compiler.
export type Json = any
export type Row = Record<string, Json>

/** The day on which the tests' simulators start. */
export const today = "2026-03-02"

export const A = "/rp/api/v1/accounts/1"
export const ACCOUNT = "/rp/api/v1/Accounts/1"

/** Somebody who is signed in. */
export interface Caller {
  call(method: string, path: string, body?: unknown): Promise<Response>
  /** The body of a GET that worked. */
  get(path: string): Promise<Json>
  /** The body of an answer with this status, 200 when nothing is said. */
  send(method: string, path: string, body?: unknown, status?: number): Promise<Json>
  /** The kind of the first error of an answer with this status. */
  refused(method: string, path: string, body: unknown, status: number): Promise<string>
}

/** Signs somebody in. */
export const caller = async (
  server: BenchSimulator,
  who: { readonly login: string; readonly password: string }
): Promise<Caller> => {
  const { access_token } = await tokensOf(signIn(server, who))
  const call = (method: string, path: string, body?: unknown) => request(server, access_token, method, path, body)
  const send = async (method: string, path: string, body?: unknown, status = 200): Promise<Json> => {
    const answer = await call(method, path, body)
    const text = await answer.text()
    assert.strictEqual(answer.status, status, `${method} ${path}: ${text}`)
    return text === "" ? undefined : JSON.parse(text)
  }
  return {
    call,
    send,
    get: (path) => send("GET", path),
    refused: async (method, path, body, status) => (await send(method, path, body, status)).errors[0].errorType
  }
}

/** What a suite is given: the simulator, and an administrator's calls. Both are there once its tests run. */
export interface Suite extends Caller {
  readonly server: BenchSimulator
}

/** Starts a simulator for the tests of a file, and signs an administrator in. */
export const startSuite = (): Suite => {
  let server: BenchSimulator
  let admin: Caller
  beforeAll(async () => {
    server = await bench.listen({ start: `${today}T08:00:00Z` })
    admin = await caller(server, server.credentials.service)
  })
  afterAll(() => server.close())
  return {
    get server() {
      return server
    },
    call: (...args) => admin.call(...args),
    get: (...args) => admin.get(...args),
    send: (...args) => admin.send(...args),
    refused: (...args) => admin.refused(...args)
  }
}
