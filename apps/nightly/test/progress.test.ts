import { assert, describe, it } from "@effect/vitest"
import { show } from "../src/progress.ts"
import { makeRunEvents, type RunEvent } from "../src/run-events.ts"

const story: ReadonlyArray<RunEvent> = [
  { _tag: "RunStarted", at: 0, run: "r", workers: 1, steps: ["bench", "bits"], credentials: [], resumed: true },
  { _tag: "StepStarted", at: 0, step: "bench" },
  { _tag: "StepStarted", at: 0, step: "bits" },
  { _tag: "Request", at: 1, api: "bench", process: 0, status: 200, took: 3 },
  { _tag: "StepProgress", at: 1, step: "bench", done: 25, expected: 100, text: "roles" },
  { _tag: "StepProgress", at: 2, step: "bench", done: 100, expected: 100, text: "roles: 100" },
  { _tag: "StepFinished", at: 1500, step: "bench", status: "done", took: 1500, text: "read 100 roles" },
  { _tag: "StepFinished", at: 1600, step: "bits", status: "failed", took: 1600, text: "failed" }
]

/** What is written for the story on an output. */
const written = (
  output: { readonly isTTY?: boolean; readonly columns?: number },
  json = false
): ReadonlyArray<string> => {
  const texts: Array<string> = []
  const events = makeRunEvents()
  const stop = show(events, { ...output, write: (text) => texts.push(text) }, json)
  for (const event of story) events.emit(event)
  stop()
  events.emit(story[1] as RunEvent)
  return texts
}

const ESC = "\u001b["

/** What a terminal shows in the end: a line that is drawn again takes the place of the one before. */
const screen = (texts: ReadonlyArray<string>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let at = 0
  for (const text of texts) {
    // Up so many lines, if any, and then lines that each begin with being wiped.
    const [up = "", ...rest] = text.split(`${ESC}2K`)
    at = lines.length - Number.parseInt(up.slice(ESC.length) || "0", 10)
    for (const line of rest) lines[at++] = line.replace("\n", "")
  }
  return lines
}

describe("progress", () => {
  it("is a bar a step on a terminal, each on a line of its own", () => {
    const texts = written({ isTTY: true, columns: 60 })
    const quarter = screen(texts.slice(0, 3))
    assert.deepStrictEqual(quarter, [
      "bench    ██████░░░░░░░░░░░░░░░░░░  25 %  roles",
      "bits     ░░░░░░░░░░░░░░░░░░░░░░░░   0 %  "
    ])
    assert.deepStrictEqual(screen(texts), ["bench    ✔ read 100 roles (1.5 s)", "bits     ✘ failed (1.6 s)"])
  })

  it("fits a narrow terminal", () => {
    for (const line of screen(written({ isTTY: true, columns: 20 }))) assert.isAtMost(line.length, 19)
  })

  it("is a line for each thing that is done, anywhere else", () => {
    assert.deepStrictEqual(written({}), [
      "going on with the run of r\n",
      "bench: roles: 100\n",
      "bench: done in 1.5 s: read 100 roles\n",
      "bits: failed in 1.6 s: failed\n"
    ])
  })

  it("is an object a line when JSON is asked for, without the requests", () => {
    const events = written({ isTTY: true }, true).map((line) => JSON.parse(line))
    assert.deepStrictEqual(
      events,
      story.filter(({ _tag }) => _tag !== "Request")
    )
  })
})
