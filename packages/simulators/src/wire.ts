/**
 * What a fault may do to the connection under an answer. A socket and an in-process `fetch` break in different ways; the
 * caller sees the same thing: a `fetch` that rejects, or a body that ends too early.
 */
import type { ServerResponse } from "node:http"
import type { HttpBindings } from "@hono/node-server"
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response"

/** The connection that a request came by. What ends it throws, so that nothing more is done to an answer that is gone. */
export interface Wire {
  /** Ends the connection without an answer. */
  drop(): never
  /** Sends the head of the answer and these bytes of its body, then ends the connection. */
  cut(answer: Response, bytes: Uint8Array): Response
}

/** Thrown by a socket's wire: there is nothing left to answer. */
class Gone extends Error {}

/** Answers by a socket; what its wire has ended stays ended. */
export const bySocket = async (
  bindings: HttpBindings,
  answer: (wire: Wire) => Promise<Response>
): Promise<Response> => {
  try {
    return await answer(socketWire(bindings))
  } catch (error) {
    if (error instanceof Gone) return RESPONSE_ALREADY_SENT
    throw error
  }
}

const networkError = (message: string, code: string): TypeError =>
  new TypeError(message, { cause: Object.assign(new Error(code), { code }) })

/** The error of a `fetch` whose server is not there any more. */
export const refused = (): TypeError => networkError("fetch failed", "ECONNREFUSED")

const socketWire = (bindings: HttpBindings): Wire => ({
  drop: () => {
    bindings.incoming.socket.destroy()
    throw new Gone()
  },
  cut: (answer, bytes) => {
    const outgoing: ServerResponse = bindings.outgoing
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
    // Once the callback runs the bytes are with the kernel, so the reader gets them before it sees the end.
    outgoing.write(bytes, () => outgoing.socket?.destroy())
    throw new Gone()
  }
})

/** No socket at all: the in-process `fetch`. */
export const memoryWire: Wire = {
  drop: () => {
    throw networkError("fetch failed", "ECONNRESET")
  },
  cut: (answer, bytes) => {
    let sent = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (sent) controller.error(networkError("terminated", "UND_ERR_SOCKET"))
        else controller.enqueue(bytes)
        sent = true
      }
    })
    return new Response(body, { status: answer.status, headers: answer.headers })
  }
}
