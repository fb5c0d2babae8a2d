/** What the tests against a simulated Allura start from. */
import { contract } from "@keyturn/allura"
import { connect, memoryStore, type SessionEvent } from "@keyturn/client"
import { type AlluraOptions, allura } from "@keyturn/simulators"
import { type Consumer, oauth1, type PersonOptions } from "../../src/index.ts"
import { type LoopbackOptions, loopback } from "../../src/loopback.ts"

/** Where Allura has the three steps. */
export const endpoints = {
  requestTokenUrl: "/rest/oauth/request_token",
  authorizationUrl: "/rest/oauth/authorize",
  accessTokenUrl: "/rest/oauth/access_token"
}

/** A simulated Allura with a record of what was sent to it. */
export const start = async (options: AlluraOptions = {}) => {
  const server = await allura.listen(options)
  const { consumerKey, consumerSecret }: Consumer = server.credentials.oauth1
  const sent: Array<{ readonly method: string; readonly path: string; readonly authorization: string | null }> = []
  const recording: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const { pathname: path } = new URL(request.url)
    sent.push({ method: request.method, path, authorization: request.headers.get("authorization") })
    return fetch(request)
  }
  return {
    server,
    sent,
    fetch: recording,
    consumer: { consumerKey, consumerSecret: String(consumerSecret) },
    [Symbol.asyncDispose]: server.close
  }
}

export type Started = Awaited<ReturnType<typeof start>>

/** What a person sees at the end of a visit to the consent page, and clicks there. */
export const click = async (url: string, choice: "yes" | "no" = "yes"): Promise<string> => {
  const page = await (await fetch(url)).text()
  const ticket = /name="ticket" value="([^"]+)"/.exec(page)?.[1] ?? ""
  const body = new URLSearchParams({ ticket, [choice]: "x" })
  const answer = await fetch(new URL("/rest/oauth/do_authorize", url), { method: "POST", body })
  return answer.text()
}

/** A grant for a person at this machine: `opened` are the URLs, `pages` what they saw at the end. */
export const atHome = (
  { consumer }: Started,
  { choice, ...options }: Partial<PersonOptions> & LoopbackOptions & { choice?: "yes" | "no" } = {}
) => {
  const opened: Array<string> = []
  const pages: Array<Promise<string>> = []
  const grant = oauth1({
    ...consumer,
    ...endpoints,
    callback: loopback({
      open: (url) => {
        opened.push(url)
        pages.push(click(url, choice).catch(() => ""))
      },
      ...options
    }),
    ...options
  })
  return { grant, opened, pages }
}

/** Connects to the simulator; each call has a store of its own unless one is given. */
export const connectTo = (
  { fetch, server }: Started,
  options: Omit<Parameters<typeof connect<typeof contract>>[1], "baseUrl"> & { events?: Array<SessionEvent> }
) => {
  const { events, ...rest } = options
  return connect(contract, {
    baseUrl: server.url,
    store: memoryStore(),
    fetch,
    onEvent: (event) => void events?.push(event),
    ...rest
  })
}

/** What a promise rejects with. */
export const refusal = async (attempt: Promise<unknown>): Promise<Error & Record<string, unknown>> => {
  try {
    await attempt
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error("it did not fail")
}
