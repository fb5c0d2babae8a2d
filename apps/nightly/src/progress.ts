/** Shows how far a run has come, on stderr: a bar a step on a terminal, a line an event anywhere else, or JSON. */
import type { RunEvent, RunEvents, Step } from "./run-events.ts"

export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

interface Bar {
  readonly done: number
  readonly expected: number
  readonly text: string
  readonly end: string | undefined
}

const seconds = (took: number): string => `${(took / 1000).toFixed(1)} s`

const marks = { done: "✔", partial: "!", failed: "✘", skipped: "–" } as const

const WIDTH = 24

const draw = (step: Step, { done, end, expected, text }: Bar): string => {
  if (end !== undefined) return `${step.padEnd(8)} ${end}`
  const share = expected === 0 ? 0 : Math.min(1, done / expected)
  const full = Math.round(share * WIDTH)
  return `${step.padEnd(8)} ${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${String(Math.round(share * 100)).padStart(3)} %  ${text}`
}

/** A bar for each step, drawn over again with each event. */
const bars = (output: Output): ((event: RunEvent) => void) => {
  const shown = new Map<Step, Bar>()
  let lines = 0
  const redraw = () => {
    const width = (output.columns || 80) - 1
    const up = lines > 0 ? `\u001b[${lines}A` : ""
    output.write(`${up}${[...shown].map(([step, bar]) => `\u001b[2K${draw(step, bar).slice(0, width)}\n`).join("")}`)
    lines = shown.size
  }
  return (event) => {
    if (event._tag === "RunStarted") {
      shown.clear()
      lines = 0
      return
    }
    if (event._tag === "StepStarted") shown.set(event.step, { done: 0, expected: 0, text: "", end: undefined })
    else if (event._tag === "StepProgress") shown.set(event.step, { ...event, end: undefined })
    else if (event._tag === "StepFinished") {
      const end = `${marks[event.status]} ${event.text} (${seconds(event.took)})`
      shown.set(event.step, { done: 1, expected: 1, text: "", end })
    } else return
    redraw()
  }
}

/** A line for each thing that came to an end. */
const lines =
  (output: Output): ((event: RunEvent) => void) =>
  (event) => {
    if (event._tag === "RunStarted" && event.resumed) output.write(`going on with the run of ${event.run}\n`)
    else if (event._tag === "StepProgress" && /\d|could not/.test(event.text)) {
      output.write(`${event.step}: ${event.text}\n`)
    } else if (event._tag === "StepFinished") {
      output.write(`${event.step}: ${event.status} in ${seconds(event.took)}: ${event.text}\n`)
    }
  }

/** The events as they are, one JSON object a line; requests are too many. */
const json =
  (output: Output): ((event: RunEvent) => void) =>
  (event) => {
    if (event._tag !== "Request") output.write(`${JSON.stringify(event)}\n`)
  }

/** Shows a run on an output, until the function that comes back is called. */
export const show = (events: RunEvents, output: Output, asJson: boolean): (() => void) =>
  events.listen(asJson ? json(output) : output.isTTY ? bars(output) : lines(output))
