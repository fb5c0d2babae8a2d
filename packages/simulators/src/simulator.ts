/** What all simulators have in common: a way in (a socket or an in-process `fetch`), a clock, faults, and an end. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { getRequestListener, type HttpBindings } from "@hono/node-server"
import type { Clock } from "./clock.ts"
import type { FaultEngine, Faults } from "./faults.ts"
import { bySocket, memoryWire, refused, type Wire } from "./wire.ts"

/** Where `listen` listens. */
export interface ListenOptions {
  /** The port; 0, the default, takes a free one. */
  readonly port?: number
  /** The host name or address, `127.0.0.1` by default. */
  readonly host?: string
}

/** A simulator at work. */
export interface Simulator<Operation extends string> extends AsyncDisposable {
  /** Where it answers, without a trailing slash. Without a socket it is `http://localhost`, for `fetch` below only. */
  readonly url: string
  /** Answers in this process, without a socket: give it to a client in place of the global `fetch`. */
  readonly fetch: typeof globalThis.fetch
  /** Its time. */
  readonly clock: Clock
  /** Faults on demand. */
  readonly faults: Faults<Operation>
  /** Ends every connection and timer. */
  close(): Promise<void>
}

/** What one service is: how it answers a request that no fault has stopped, and what it adds to every simulator. */
export interface Service<Operation extends string, Extras> {
  readonly clock: Clock
  readonly faults: FaultEngine<Operation>
  readonly handle: (request: Request) => Response | Promise<Response>
  readonly extras: Extras
  /** Ends what the service itself has under way. */
  readonly close?: () => void
}

/** The two ways to start a simulator. */
export interface Start<Options, Running> {
  /** Starts one on a socket of its own. Fails when the port is taken. */
  listen(options?: Options & ListenOptions): Promise<Running>
  /** Starts one without a socket: only its `fetch` reaches it. */
  create(options?: Options): Running
}

const answerBy =
  <Operation extends string>(service: Service<Operation, unknown>) =>
  (request: Request, wire: Wire): Promise<Response> =>
    service.faults.around(request, wire, async () => {
      const answer = await service.handle(request)
      answer.headers.set("date", new Date(service.clock.now()).toUTCString())
      return answer
    })

/** Rejects when the caller gives up. The request goes on: a server does not notice in time that nobody waits. */
const unlessAborted = <A>(work: Promise<A>, signal: AbortSignal): Promise<A> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener("abort", abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort))
  })

const inProcess = <Operation extends string, Extras>(
  service: Service<Operation, Extras>
): Simulator<Operation> & Extras => {
  let open = true
  const answer = answerBy(service)
  const close = async () => {
    open = false
    service.faults.clear()
    service.close?.()
  }
  return {
    ...service.extras,
    url: "http://localhost",
    clock: service.clock,
    faults: service.faults,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (request.signal.aborted) throw request.signal.reason
      if (!open) throw refused()
      return unlessAborted(answer(request, memoryWire), request.signal)
    },
    close,
    [Symbol.asyncDispose]: close
  }
}

const onSocket = async <Operation extends string, Extras>(
  service: Service<Operation, Extras>,
  { port = 0, host = "127.0.0.1" }: ListenOptions
): Promise<Simulator<Operation> & Extras> => {
  const answer = answerBy(service)
  const server = createServer(
    getRequestListener((request, bindings) => bySocket(bindings as HttpBindings, (wire) => answer(request, wire)), {
      // A guest in somebody's process leaves its globals alone.
      overrideGlobalObjects: false
    })
  )
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    // A fleet that connects all at once must not be made to wait for its second try.
    server.listen({ port, host, backlog: 4096 }, resolve)
  })
  const address = server.address() as AddressInfo
  const inMemory = inProcess(service)
  const close = async () => {
    await inMemory.close()
    if (!server.listening) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address
  return { ...inMemory, url: `http://${name}:${address.port}`, close, [Symbol.asyncDispose]: close }
}

/** The ways to start the simulator of a service. */
export const startOf = <Options extends object, Operation extends string, Extras>(
  build: (options: Options) => Service<Operation, Extras>
): Start<Options, Simulator<Operation> & Extras> => ({
  listen: (options) => onSocket(build(options ?? ({} as Options)), options ?? {}),
  create: (options) => inProcess(build(options ?? ({} as Options)))
})
