/**
 * The demo: a simulated Bench in this process, and the two things that make a session interesting. Its sessions are short,
 * so that one is renewed on schedule while a request is under way; and its clock jumps, so that one expires in the middle
 * of a list. Both wait for their moment instead of hoping for it: they happen on every machine, in one order or the other.
 */
import { bench } from "@keyturn/simulators"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { DemoUnavailable } from "./failure.ts"
import type { Settings } from "./settings.ts"

const told =
  "This was a simulated Bench on this machine, set up to be difficult: an unused session lives 2 seconds instead of 24 hours, its clock was moved on a minute while a list was read (so that the token expired), and one answer was held back until the token had been replaced on schedule."

/** Starts the simulator for as long as the scope is open. */
export const listen = Effect.gen(function* () {
  const server = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => bench.listen({ lifetimes: { access: { seconds: 2 } } }),
      catch: (error) =>
        new DemoUnavailable({
          message: `The simulator cannot listen on 127.0.0.1 (${(error as { code?: string }).code ?? "unknown"}). Allow it, or set BENCH_URL, BENCH_LOGIN and BENCH_PASSWORD.`
        })
    }),
    (server) => Effect.promise(() => server.close())
  )
  // The second page of roles meets an expired session.
  const inTheMiddle = server.faults.add({
    on: "GET /rp/api/v1/Accounts/1/roles",
    kind: "delay",
    by: Number.POSITIVE_INFINITY,
    skip: 1
  })
  void inTheMiddle.firing().then(() => {
    server.clock.advance({ minutes: 1 })
    inTheMiddle.release()
  })
  // Time away is answered once the session was renewed by its schedule, with a token that was replaced meanwhile.
  const heldBack = server.faults.add({
    on: "GET /rp/api/v1/accounts/1/persons/unavailabilities",
    kind: "delay",
    by: Number.POSITIVE_INFINITY
  })
  const { login, password } = server.credentials.service
  return {
    url: server.url,
    login,
    password: Redacted.make<string>(password, { label: "demo password" }),
    demo: {
      told,
      onEntry: (entry) => {
        // A sign-in in its place would do as well; what matters is that the wait ends.
        if (entry.kind === "renewed-on-schedule" || entry.generation > 2) heldBack.release()
      }
    }
  } satisfies Settings as Settings
})
