/** What is kept of the events of a run for its report: how each step went, and the timeline of each session. */
import type { SessionReport, StepReport } from "./report/report.ts"
import { type Api, type RunEvents, type Step, steps } from "./run-events.ts"
import type { Entry } from "./timeline.ts"

/** The service that a step talks to. */
const apiOf: Readonly<Record<Step, Api>> = { bench: "bench", allura: "allura", bits: "bits", publish: "pink" }

type Recorded = Entry & { readonly process: number }

const iso = (at: number): string => new Date(at).toISOString()

/** Listens to a run. */
export const collect = (events: RunEvents) => {
  const started = new Map<Step, number>()
  const took = new Map<Step, number>()
  const requests = new Map<Api, number>()
  const timelines = new Map<Api, Array<Recorded>>()
  const stop = events.listen((event) => {
    switch (event._tag) {
      case "StepStarted":
        started.set(event.step, event.at)
        break
      case "StepFinished":
        took.set(event.step, event.took)
        break
      case "Request":
        requests.set(event.api, (requests.get(event.api) ?? 0) + 1)
        break
      case "Session": {
        const { api, entry, process } = event
        const timeline = timelines.get(api) ?? []
        timelines.set(api, timeline)
        const last = timeline.findLast((one) => one.process === process)
        // One entry for the many requests that were under way when a token was replaced.
        if (entry.kind === "sent-again" && last?.kind === entry.kind && last.generation === entry.generation) {
          timeline[timeline.indexOf(last)] = { ...last, times: last.times + 1 }
        } else timeline.push({ ...entry, process })
      }
    }
  })
  return {
    stop,
    /** What the events say of a step; the rest is in its outcome. */
    step: (step: Step): Pick<StepReport, "step" | "startedAt" | "took" | "requests"> => {
      const at = started.get(step)
      return {
        step,
        startedAt: at === undefined ? null : iso(at),
        took: took.get(step) ?? 0,
        requests: requests.get(apiOf[step]) ?? 0
      }
    },
    /** The timelines, in the order of the steps. */
    sessions: (began: number, howOf: (api: Api) => string): ReadonlyArray<SessionReport> =>
      steps
        .map((step) => apiOf[step])
        .filter((api) => timelines.has(api))
        .map((api) => ({
          api,
          how: howOf(api),
          entries: (timelines.get(api) ?? [])
            .toSorted((a, b) => a.at - b.at)
            .map((entry) => ({ ...entry, at: iso(entry.at), after: entry.at - began }))
        }))
  }
}
