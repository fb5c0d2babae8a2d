import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Failure } from "../../src/failure.ts"
import { prepare } from "../../src/prepare.ts"
import { type Result, type RunOptions, run } from "../../src/run.ts"
import { makeRunEvents, type RunEvent, RunEventsService, steps } from "../../src/run-events.ts"
import type { scratch } from "./program.ts"

/** Runs once in this process, unless it is stopped under way: what it gave or failed with, and all that it told. */
export const runHere = async (
  folder: ReturnType<typeof scratch>,
  env: Readonly<Record<string, string>>,
  options: Partial<RunOptions> = {},
  onEvent: (event: RunEvent, stop: () => void) => void = () => {}
): Promise<{ readonly result: Result; readonly events: ReadonlyArray<RunEvent> }> => {
  const sender = makeRunEvents()
  const events: Array<RunEvent> = []
  const stopping = new AbortController()
  sender.listen((event) => {
    events.push(event)
    onEvent(event, () => stopping.abort())
  })
  const all: RunOptions = {
    out: folder.path,
    only: steps,
    since: undefined,
    workers: 1,
    interactive: false,
    logJson: false,
    ...options
  }
  const exit = await Effect.runPromiseExit(
    Effect.gen(function* () {
      const prepared = yield* prepare({
        ...all,
        env: { NIGHTLY_STATE: folder.state, NIGHTLY_BACKUPS: folder.backups, ...env }
      })
      return yield* run(all, prepared)
    }).pipe(Effect.scoped, Effect.provideService(RunEventsService, sender)),
    { signal: stopping.signal }
  )
  if (Exit.isSuccess(exit)) return { result: exit.value, events }
  throw Cause.squash(exit.cause)
}

/** What a run fails with. */
export const failureOf = async (running: Promise<unknown>): Promise<Failure> => {
  try {
    await running
  } catch (error) {
    return error as Failure
  }
  throw new Error("the run succeeded")
}
