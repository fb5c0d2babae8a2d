/**
 * `--live`: a page on this machine that follows the run as it happens. Where all services are simulated the run is repeated
 * while anybody looks, and two buttons get in its way. Real services are asked once, and left alone after that.
 */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Simulators } from "../demo.ts"
import type { Failure } from "../failure.ts"
import { RunEventsService } from "../run-events.ts"
import { bundle } from "./bundle.ts"
import { type Action, document, liveStyle } from "./document.ts"
import { type Feed, makeFeed } from "./feed.ts"
import { serve } from "./server.ts"

/** Something to do to a simulator, and when it was done. */
type Act = Action & { readonly act: () => Promise<void> }

/**
 * What the page can do to a simulated Bench: it is the one that allows an account a single session. Both wait for a request
 * that is under way, so that there is something to see: between two of them nobody would notice.
 */
const actionsOn = ({ bench }: Simulators): ReadonlyArray<Act> =>
  bench === undefined
    ? []
    : [
        {
          id: "expire",
          name: "Expire Bench's token",
          done: "you let the token expire",
          hint: "Moves Bench's clock on by a minute while requests are under way. They are refused, the session is renewed once, and they are sent again.",
          act: async () => {
            const held = bench.faults.add({ on: "api", kind: "delay", by: Number.POSITIVE_INFINITY, skip: 2 })
            await held.firing()
            bench.clock.advance({ minutes: 1 })
            held.release()
          }
        },
        {
          id: "stranger",
          name: "Sign in as a stranger",
          done: "you signed in as a stranger",
          hint: "Somebody else uses the same account, which may have one session, so ours is ended. The run notices at its next request, and signs in again, once.",
          act: () => bench.faults.add({ on: "api", kind: "evict", skip: 2 }).firing()
        }
      ]

/** What a press does. Another one before the first has struck changes nothing. */
const pressing = ({ act, done }: Act, feed: Feed): (() => void) => {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    void act().then(() => {
      waiting = false
      feed.emit({ _tag: "Intervened", at: Date.now(), text: done })
    })
  }
}

/** Between two runs of the demo. */
const REST = "2 seconds"

/**
 * Shows the page until it is interrupted. `once` is a run. One that had nothing to show is told on the page, and the next one
 * may do better; whatever else keeps a run from starting is this effect's failure, too.
 */
export const live = <A, R>(once: Effect.Effect<A, Failure, R>, simulators: Simulators) =>
  Effect.gen(function* () {
    const { listen } = yield* RunEventsService
    const feed = makeFeed()
    yield* Effect.acquireRelease(
      Effect.sync(() => listen(feed.emit)),
      (stop) => Effect.sync(stop)
    )
    const actions = actionsOn(simulators)
    const url = yield* serve({
      files: {
        "/": ["text/html", document(actions)],
        "/style.css": ["text/css", liveStyle],
        "/main.js": ["text/javascript", yield* bundle]
      },
      feed,
      actions: Object.fromEntries(actions.map((action) => [action.id, pressing(action, feed)]))
    })
    yield* Console.error(`nightly: the live page is at ${url} (Ctrl-C ends it)`)

    const followed = Effect.promise(feed.followed)
    const told = Effect.tapError(once, ({ message }) =>
      Effect.map(Clock.currentTimeMillis, (at) => feed.emit({ _tag: "RunFailed", at, text: message }))
    ).pipe(Effect.catchTag("NothingDone", () => Effect.void))
    const simulated = Object.values(simulators).filter((one) => one !== undefined).length === 4
    if (simulated) {
      return yield* Effect.forever(Effect.andThen(followed, Effect.andThen(told, Effect.sleep(REST))))
    }
    yield* followed
    yield* told
    return yield* Effect.never
  })
