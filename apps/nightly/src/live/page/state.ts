/** What the live page shows, worked out from the events one by one. */
import type { Line, Moment } from "../../report/page/timeline.ts"
import { type Api, type RunEvent, type Status, type Step, steps } from "../../run-events.ts"
import type { LiveEvent } from "../feed.ts"

/** How far a step is. */
export interface StepState {
  readonly step: Step
  readonly status: Status | "waiting" | "running"
  readonly done: number
  readonly expected: number
  readonly text: string
}

/** Something for people to read. */
export interface Note {
  readonly at: number
  readonly text: string
}

export interface State {
  /** How many runs began. */
  readonly runs: number
  readonly running: boolean
  readonly steps: ReadonlyArray<StepState>
  /** The sessions; `after` of a moment is milliseconds since the epoch. */
  readonly lines: ReadonlyArray<Line & { readonly api: Api }>
  /** Requests by the second they were answered in, oldest first. */
  readonly seconds: ReadonlyArray<{ readonly second: number; readonly counts: Readonly<Partial<Record<Api, number>>> }>
  readonly requests: number
  /** Requests that were answered 401. */
  readonly refused: number
  /** What the buttons did. */
  readonly interventions: ReadonlyArray<Note>
  /** All that is worth a word, oldest first. `count` grows by one with each, whatever is forgotten. */
  readonly log: ReadonlyArray<Note>
  readonly count: number
}

/** Seconds that the page looks back. */
export const SPAN = 60

const waiting = (step: Step): StepState => ({ step, status: "waiting", done: 0, expected: 0, text: "" })

export const initial: State = {
  runs: 0,
  running: false,
  steps: steps.map(waiting),
  lines: [],
  seconds: [],
  requests: 0,
  refused: 0,
  interventions: [],
  log: [],
  count: 0
}

const say = (state: State, at: number, text: string): State => ({
  ...state,
  log: [...state.log.slice(-49), { at, text }],
  count: state.count + 1
})

const withStep = (state: State, step: Step, change: Partial<StepState>): State => ({
  ...state,
  steps: state.steps.map((one) => (one.step === step ? { ...one, ...change } : one))
})

const withRequest = (state: State, { api, at, status }: RunEvent & { readonly _tag: "Request" }): State => {
  const second = Math.floor(at / 1000)
  const last = state.seconds.at(-1)
  const same = last !== undefined && last.second >= second
  const counts = same ? last.counts : {}
  return {
    ...state,
    requests: state.requests + 1,
    refused: state.refused + (status === 401 ? 1 : 0),
    seconds: [
      ...(same ? state.seconds.slice(0, -1) : state.seconds.slice(-2 * SPAN)),
      { second: same ? last.second : second, counts: { ...counts, [api]: (counts[api] ?? 0) + 1 } }
    ]
  }
}

/** Moments of the last minutes; and of each process the one before, which says what was in use since. */
const recent = (moments: ReadonlyArray<Moment>, now: number): ReadonlyArray<Moment> => {
  const begin = now - 2 * SPAN * 1000
  const before = new Map(moments.filter(({ after }) => after < begin).map((moment) => [moment.process, moment]))
  return [...before.values(), ...moments.filter(({ after }) => after >= begin)]
}

const withMoment = (state: State, { api, entry, process }: RunEvent & { readonly _tag: "Session" }): State => {
  const { at, ...rest } = entry
  const lines = state.lines.map((line) => {
    if (line.api !== api) return line
    const last = line.moments.at(-1)
    const again =
      entry.kind === "sent-again" &&
      last?.kind === entry.kind &&
      last.process === process &&
      last.generation === entry.generation
    const moments = again
      ? [...line.moments.slice(0, -1), { ...last, times: last.times + 1 }]
      : [...line.moments, { ...rest, after: at, process }]
    return { ...line, moments: recent(moments, at) }
  })
  const who = process === 0 ? api : `${api}, worker ${process}`
  // Many requests that are sent again are one thing to tell.
  const known = state.log.at(-1)?.text
  const text = `${who}: ${entry.text}`
  return known === text ? { ...state, lines } : say({ ...state, lines }, at, text)
}

/** What is shown after an event. */
export const next = (state: State, event: LiveEvent): State => {
  switch (event._tag) {
    case "RunStarted":
      return say(
        {
          ...state,
          runs: state.runs + 1,
          running: true,
          steps: steps.map((step) => ({
            ...waiting(step),
            status: event.steps.includes(step) ? "waiting" : "skipped"
          })),
          lines: event.credentials.map(
            ({ api, how }) =>
              state.lines.find((line) => line.api === api && line.how === how) ?? { api, name: api, how, moments: [] }
          )
        },
        event.at,
        `run ${state.runs + 1} began`
      )
    case "StepStarted":
      return withStep(state, event.step, { status: "running" })
    case "StepProgress":
      return withStep(state, event.step, { done: event.done, expected: event.expected, text: event.text })
    case "StepFinished":
      return say(
        withStep(state, event.step, { status: event.status, text: event.text }),
        event.at,
        `${event.step} ${event.status}: ${event.text}`
      )
    case "Request":
      return withRequest(state, event)
    case "Session":
      return withMoment(state, event)
    case "RunFinished":
      return { ...state, running: false }
    case "RunFailed":
      return say({ ...state, running: false }, event.at, `the run failed: ${event.text}`)
    case "Intervened":
      return say(
        { ...state, interventions: [...state.interventions.slice(-19), { at: event.at, text: event.text }] },
        event.at,
        event.text
      )
  }
}
