import { inspect } from "node:util"
import { memoryStore, type SessionEvent } from "../../../src/index.ts"

/** A store and events of one's own, so that tests never meet; nothing cools down, and displacement is allowed often. */
export const observed = (baseUrl: string) => {
  const events: Array<SessionEvent> = []
  return {
    tags: () => events.map(({ _tag }) => _tag),
    /** What the first event of a kind says. */
    told: (tag: SessionEvent["_tag"]) => String(Object(events.find(({ _tag }) => _tag === tag)).message),
    options: {
      baseUrl,
      store: memoryStore(),
      onEvent: (event: SessionEvent) => void events.push(event),
      policy: { coolDown: 0, displacement: { budget: 100, backOff: 0 } } as const
    }
  }
}

/** What an attempt rejects with. */
export const failure = async (attempt: Promise<unknown>): Promise<Error & Record<string, unknown>> => {
  let result: unknown
  try {
    result = await attempt
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error(`It did not fail, but gave ${inspect(result, { depth: 1 })}`)
}

/** A `fetch` that keeps what it sends: the URL, the headers, and the text of the body. */
export const spying = () => {
  const sent: Array<{ readonly url: string; readonly headers: Headers; readonly body: string }> = []
  return {
    sent,
    fetch: async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const request = new Request(input, init)
      sent.push({ url: request.url, headers: request.headers, body: await request.clone().text() })
      return globalThis.fetch(request)
    }
  }
}
