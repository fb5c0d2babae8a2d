/**
 * The four services, each signed in when it is first asked for. Their sessions end with the scope of the layer: signed out,
 * or kept for the next run, as the settings say.
 */
import { contract as alluraContract } from "@keyturn/allura"
import { GrantRejected } from "@keyturn/auth/Grant"
import { contract as benchContract } from "@keyturn/bench"
import { contract as bitsContract } from "@keyturn/bits"
import { Client } from "@keyturn/client/effect"
import { authorizationCode, type Redirect } from "@keyturn/grant-authorization-code"
import { loopback } from "@keyturn/grant-authorization-code/loopback"
import { oauth1 } from "@keyturn/grant-oauth1"
import { contract as pinkContract } from "@keyturn/pink"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { type Api, type RunEvents, RunEventsService } from "./run-events.ts"
import { SettingsService } from "./settings.ts"
import { Store } from "./store.ts"
import { recorder } from "./timeline.ts"

/** How this process takes part. */
export interface Part {
  /** 0 for the first process, 1 and up for its workers. */
  readonly process: number
  /** Whether a person is there to click. */
  readonly interactive: boolean
}

/** Asks nobody: a job at night would wait for somebody who is asleep. */
const nobody: Redirect = {
  listen: Effect.fail(
    new GrantRejected({
      status: 0,
      message:
        "Nobody is there to sign in to pink. Run once with --interactive: the session is kept for the runs after that."
    })
  )
}

/** Tells of every request. */
const counting =
  (api: Api, process: number, events: RunEvents): typeof globalThis.fetch =>
  async (input, init) => {
    const began = performance.now()
    let status: number | null = null
    try {
      const answer = await fetch(input, init)
      status = answer.status
      return answer
    } finally {
      events.emit({ _tag: "Request", at: Date.now(), api, process, status, took: performance.now() - began })
    }
  }

const make = ({ interactive, process }: Part) =>
  Effect.gen(function* () {
    const { allura, bench, bits, pink, sessions } = yield* SettingsService
    const store = yield* Store
    const events = yield* RunEventsService
    const scope = yield* Effect.acquireRelease(Scope.make("parallel"), (scope, exit) => Scope.close(scope, exit))

    const common = (api: Api, baseUrl: string, given = false) => ({
      baseUrl,
      store,
      fetch: counting(api, process, events),
      policy: { onClose: sessions === "keep" ? ("keep" as const) : ("signOut" as const) },
      onEvent: recorder(given, (entry) => events.emit({ _tag: "Session", at: entry.at, api, process, entry }))
    })
    /** Opened once, by whoever comes first. */
    const once = <A, E>(open: Effect.Effect<A, E, Scope.Scope>) => Effect.cached(Scope.provide(open, scope))

    const { credential } = allura
    return {
      bench: yield* once(
        Client.make(benchContract, {
          ...common("bench", bench.url),
          credentials: { login: bench.login, password: bench.password }
        })
      ),
      allura: yield* once(
        Client.make(alluraContract, {
          ...common("allura", allura.url, true),
          ...(credential.kind === "bearer"
            ? { credentials: { bearer: { token: credential.token } } }
            : { grant: oauth1(credential) })
        })
      ),
      bits: yield* once(
        Client.make(bitsContract, {
          ...common("bits", bits.url),
          // It reads, and gets a token that can do nothing else.
          credentials: { readToken: { clientId: bits.clientId, clientSecret: bits.clientSecret } }
        })
      ),
      pink: yield* once(
        Client.make(pinkContract, {
          ...common("pink", pink.url, pink.credential.kind === "token"),
          operations: ["GET /v1/me", "GET /v1/reports", "POST /v1/reports"],
          ...(pink.credential.kind === "token"
            ? { credentials: { personalAccessToken: { token: pink.credential.token } } }
            : {
                grant: authorizationCode({
                  clientId: pink.credential.clientId,
                  redirect: interactive ? loopback() : nobody
                })
              })
        })
      )
    }
  })

/** The services. Each is an effect that signs in the first time, or takes over the session that the store holds. */
export class Sessions extends Context.Service<Sessions, Effect.Success<ReturnType<typeof make>>>()("nightly/Sessions") {
  static readonly layer = (part: Part) => Layer.effect(Sessions, make(part))
}
