/**
 * The demo: simulated services in this process for whatever the environment says nothing of. They are told to the rest of
 * the run as real ones are, by variables; nothing else knows of them but the live page's buttons.
 *
 * The simulators are set up to be difficult, so that there is something to see of the sessions. Every accident waits for its
 * moment instead of hoping for it: it happens on every machine, in one order or the other.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type AlluraSimulator,
  allura,
  type BenchSimulator,
  type BitsSimulator,
  bench,
  bits,
  type PinkSimulator,
  pink
} from "@keyturn/simulators"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DemoUnavailable, systemCause } from "./failure.ts"
import { type Api, RunEventsService } from "./run-events.ts"

/** The simulators that run. */
export interface Simulators {
  readonly bench?: BenchSimulator
  readonly allura?: AlluraSimulator
  readonly bits?: BitsSimulator
  readonly pink?: PinkSimulator
}

/** A demo. */
export interface Demo {
  /** The services that are simulated. */
  readonly apis: ReadonlyArray<Api>
  readonly simulators: Simulators
  /** What points at them. */
  readonly environment: Readonly<Record<string, string>>
  /** What was done to them, for people to read. */
  readonly told: string
}

const open = <A extends { readonly close: () => Promise<void> }>(listen: () => Promise<A>) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: listen,
      catch: (error) =>
        new DemoUnavailable({
          message: `A simulator cannot listen on 127.0.0.1 (${systemCause(error)}). Allow it, or set the variables of real services.`
        })
    }),
    (server) => Effect.promise(() => server.close())
  )

/**
 * Bench: an unused session lives 2 seconds. The second page of roles meets an expired one; time away is answered once the
 * session was renewed by its schedule, with a token that was replaced meanwhile.
 */
const openBench = Effect.gen(function* () {
  const events = yield* RunEventsService
  const server = yield* open(() => bench.listen({ lifetimes: { access: { seconds: 2 } } }))
  const forever = Number.POSITIVE_INFINITY
  const inTheMiddle = server.faults.add({
    on: "GET /rp/api/v1/Accounts/1/roles",
    kind: "delay",
    by: forever,
    skip: 1
  })
  void inTheMiddle.firing().then(() => {
    server.clock.advance({ minutes: 1 })
    inTheMiddle.release()
  })
  const heldBack = server.faults.add({
    on: "GET /rp/api/v1/accounts/1/persons/unavailabilities",
    kind: "delay",
    by: forever
  })
  events.listen((event) => {
    if (event._tag !== "Session" || event.api !== "bench") return
    // A sign-in in its place would do as well; what matters is that the wait ends.
    if (event.entry.kind === "renewed-on-schedule" || event.entry.generation > 2) heldBack.release()
  })
  return server
})

/** Bench for the live page, whose buttons are the accidents: an unused session lives 15 seconds. */
const openCalmBench = open(() => bench.listen({ lifetimes: { access: { seconds: 15 } } }))

/** Bits: the token is withdrawn while applications are asked for. */
const openBits = Effect.gen(function* () {
  const server = yield* open(() => bits.listen())
  server.faults.add({ on: "POST /v1/applications.get", kind: "evict", skip: 6 })
  return server
})

/** Our own list of applications, as it would be had some webhooks been lost. */
const listOf = (server: BitsSimulator): string =>
  JSON.stringify(
    server.applications().map(({ createdAt, id, status }, i) => ({
      id,
      since: createdAt,
      status: i % 5 === 0 && status === "APPROVED" ? "IN_PROGRESS" : status
    }))
  )

const tales: Readonly<Record<Api, string>> = {
  bench:
    "an unused session of Bench lives 2 seconds instead of 24 hours, its clock was moved on a minute while a list was read (so that the token expired), and one answer was held back until the token had been replaced on schedule",
  allura: "the export of Allura takes a second",
  bits: "Bits withdrew its token half-way",
  pink: "pink did as it was told"
}

/**
 * Starts the simulators of these services for as long as the scope is open.
 *
 * @param options.interactive whether pink is for a signed-in person instead of a token
 * @param options.calm whether accidents are left to the live page
 */
export const startDemo = (
  apis: ReadonlyArray<Api>,
  { calm, interactive }: { readonly calm: boolean; readonly interactive: boolean }
): Effect.Effect<Demo, DemoUnavailable, RunEventsService | Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "nightly-demo-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
    )
    const simulators: { -readonly [Key in keyof Simulators]: Simulators[Key] } = {}
    const environment: Record<string, string> = {}
    if (apis.includes("bench")) {
      const server = yield* calm ? openCalmBench : openBench
      simulators.bench = server
      environment.BENCH_URL = server.url
      environment.BENCH_LOGIN = server.credentials.service.login
      environment.BENCH_PASSWORD = server.credentials.service.password
    }
    if (apis.includes("allura")) {
      const exports = join(folder, "exports")
      const server = yield* open(() => allura.listen({ exportTakes: { seconds: 1 }, exportDirectory: exports }))
      const { consumerKey, consumerSecret, token, tokenSecret } = server.credentials.oauth1
      simulators.allura = server
      environment.ALLURA_URL = server.url
      environment.ALLURA_PROJECT = "scaffold"
      environment.ALLURA_EXPORTS = exports
      environment.ALLURA_CONSUMER_KEY = consumerKey
      environment.ALLURA_CONSUMER_SECRET = consumerSecret
      environment.ALLURA_OAUTH_TOKEN = token
      environment.ALLURA_OAUTH_SECRET = tokenSecret
    }
    if (apis.includes("bits")) {
      const server = yield* calm ? open(() => bits.listen()) : openBits
      const list = join(folder, "applications.json")
      yield* Effect.promise(() => writeFile(list, listOf(server)))
      simulators.bits = server
      environment.BITS_URL = server.url
      environment.BITS_CLIENT_ID = server.credentials.client.clientId
      environment.BITS_CLIENT_SECRET = server.credentials.client.clientSecret
      environment.BITS_APPLICATIONS = list
    }
    if (apis.includes("pink")) {
      const server = yield* open(() => pink.listen())
      simulators.pink = server
      environment.PINK_URL = server.url
      if (interactive) environment.PINK_CLIENT_ID = server.credentials.native.clientId
      else environment.PINK_TOKEN = server.credentials.personalAccessToken
    }
    // Where everything is simulated there is nothing to come back to: no session of it outlives the run.
    if (apis.length === Object.keys(tales).length) {
      environment.NIGHTLY_STATE = join(folder, "state")
      environment.NIGHTLY_SESSIONS = "sign-out"
    }
    const simulated = `${apis.join(", ")} ${apis.length > 1 ? "were" : "was"} simulated on this machine`
    const told = calm
      ? `${simulated}, while somebody watched.`
      : `${simulated}, and set up to be difficult: ${apis.map((api) => tales[api]).join("; ")}.`
    return { apis, simulators, environment, told }
  })
