/** The table test of what vendors do not state: each reading is switched on, and told from outside. */
import { assert, describe, it } from "@effect/vitest"
import type { Readings } from "../../src/switches.ts"

/** What a request answered. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: the probes look at what they find.
  readonly json: any
}

/** Asks a simulator in this process; what is no text or form is sent as JSON. */
export const asking =
  (server: { readonly url: string; readonly fetch: typeof fetch }, token?: string) =>
  async (
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {}
  ): Promise<Answer> => {
    const plain = body instanceof URLSearchParams || typeof body === "string"
    const answer = await server.fetch(path.startsWith("http") ? path : server.url + path, {
      method,
      redirect: "manual",
      headers: {
        accept: "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && !plain && { "content-type": "application/json" }),
        ...headers
      },
      ...(body !== undefined && { body: plain ? (body as string | URLSearchParams) : JSON.stringify(body) })
    })
    const text = await answer.text()
    const isJson = answer.headers.get("content-type")?.includes("json")
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: isJson && text !== "" ? JSON.parse(text) : undefined
    }
  }

export const form = (fields: Readonly<Record<string, string>>): URLSearchParams => new URLSearchParams(fields)

/** How each behaviour is told from outside: which of its readings a simulator follows. */
export type Probes<R extends Readings, Server> = {
  readonly [Name in keyof R]: (server: Server) => Promise<unknown>
}

/** Starts a simulator with each reading of each behaviour, and wants the probe to find that reading. */
export const everyReading = <R extends Readings, Server extends AsyncDisposable>(
  service: string,
  inferred: R,
  create: (switches: object) => Server,
  probes: Probes<R, Server>
): void => {
  describe(`${service}, where its vendor does not say`, () => {
    for (const [name, values] of Object.entries(inferred)) {
      it.each(values)(`${name}: %s`, async (reading) => {
        await using server = create({ [name]: reading })
        assert.deepStrictEqual(await (probes[name] as Probes<R, Server>[string])(server), reading)
      })
    }

    it("does as the first reading says when nothing is switched", async () => {
      for (const [name, [first]] of Object.entries(inferred)) {
        await using server = create({})
        assert.deepStrictEqual(await (probes[name] as Probes<R, Server>[string])(server), first, name)
      }
    })
  })
}
