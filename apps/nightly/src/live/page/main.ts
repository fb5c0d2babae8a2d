/** The live page, in the browser: follows the run and draws it. */
import { html, type Markup } from "../../report/markup.ts"
import { enhance } from "../../report/page/script.ts"
import { legend, stretches, timeline } from "../../report/page/timeline.ts"
import type { LiveEvent } from "../feed.ts"
import { colours, perSecond, rate } from "./rate.ts"
import { initial, next, SPAN, type State, type StepState } from "./state.ts"

const part = <E extends HTMLElement = HTMLElement>(id: string): E => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`The page has no ${id}.`)
  return found as E
}
const draw = (id: string, markup: Markup) => {
  const element = part(id)
  if (element.innerHTML !== markup.text) element.innerHTML = markup.text
}

let state: State = initial
let told = 0
let paused = false
/** The present, which stands still while the pictures do. */
let now = Date.now()

const clock = (millis: number): string => new Date(millis).toLocaleTimeString("en-GB")

const tones: Readonly<Record<StepState["status"], string>> = {
  waiting: "",
  running: "",
  done: "good",
  partial: "bad",
  failed: "bad",
  skipped: ""
}

const step = ({ done, expected, status, step, text }: StepState): Markup => {
  const full = status === "done" || status === "partial"
  const bar =
    full || expected > 0
      ? html`max="${Math.max(1, expected)}" value="${full ? Math.max(1, expected) : done}"`
      : html`max="1" value="0"`
  return html`<li class="step"><div><h3>${step}</h3><span class="tag ${tones[status]}">${status}</span></div>
<progress aria-label="${step}" ${bar}></progress><p class="muted">${text || "–"}</p></li>`
}

/** How each session is: what a look at the end of its line says, in words. */
const health = (): Markup => {
  // All of time: pictures may be held, and an event may be younger than the last of them.
  const window = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, label: clock }
  const of = (line: State["lines"][number]) => {
    const processes = [...new Set(line.moments.map(({ process }) => process))]
    const ends = processes.map((process) =>
      stretches(
        line.moments.filter((one) => one.process === process),
        window
      ).at(-1)
    )
    if (ends.some((end) => end?.token === null)) return ["healing", "bad"]
    const token = Math.max(0, ...ends.map((end) => end?.token ?? 0))
    return token > 0 ? [`signed in, token ${token}`, "good"] : ["not signed in", ""]
  }
  return html`${state.lines.map((line) => {
    const [text, tone] = of(line)
    return html`<li>${line.name} <span class="tag ${tone}">${text}</span></li>`
  })}`
}

const drawNumbers = () => {
  draw("steps", html`${state.steps.map(step)}`)
  draw("health", health())
  part("run").textContent =
    state.runs === 0 ? "Waiting for the first run …" : `Run ${state.runs}, ${state.running ? "under way" : "finished"}`
  part("rate-now").textContent = String(perSecond(state, Date.now()))
  part("total").textContent = String(state.requests)
  part("refused").textContent = String(state.refused)
}

const drawPictures = () => {
  const window = { from: now - SPAN * 1000, to: now, label: clock }
  const title = `Session timeline of the last ${SPAN} seconds: ${state.lines.map(({ name }) => name).join(", ")}`
  const notes = state.interventions.map(({ at, text }) => ({ after: at, text }))
  draw("timeline", timeline(title, state.lines, window, notes))
  draw("rate", rate(state, now))
}

/** Adds what is new to the log, which a screen reader reads out. */
const drawLog = () => {
  const log = part("log")
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  const fresh = state.log.slice(Math.max(0, state.log.length - (state.count - told)))
  told = state.count
  for (const { at, text } of fresh) {
    const item = document.createElement("p")
    item.innerHTML = html`<time>${clock(at)}</time> ${text}`.text
    log.append(item)
  }
  while (log.childElementCount > 100) log.firstElementChild?.remove()
  if (atEnd) log.scrollTop = log.scrollHeight
}

enhance()
draw("legend", legend())
draw(
  "services",
  html`${colours.map(([api, colour]) => html`<li><svg viewBox="-9 -9 18 18" aria-hidden="true"><path d="M-7-7H7V7H-7Z" fill="var(--${colour})"/></svg>${api}</li>`)}`
)

const pause = part<HTMLButtonElement>("pause")
pause.addEventListener("click", () => {
  paused = !paused
  pause.setAttribute("aria-pressed", String(paused))
})

for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-do]")) {
  button.addEventListener("click", async () => {
    button.disabled = true
    const answer = await fetch(`/do/${button.dataset.do}`, { method: "POST" }).catch(() => undefined)
    part("pressed").textContent = answer?.ok
      ? `“${button.textContent}” waits for requests to be under way …`
      : "That did not work: the run is over."
    button.disabled = false
    button.focus()
  })
}

const events = new EventSource("/events")
events.addEventListener("open", () => {
  part("connection").textContent = ""
})
events.addEventListener("error", () => {
  part("connection").textContent = "The run is over, or cannot be reached just now."
})
events.addEventListener("reset", () => {
  state = initial
  told = 0
  part("log").replaceChildren()
})
events.addEventListener("message", ({ data }) => {
  const event = JSON.parse(data) as LiveEvent
  state = next(state, event)
  if (event._tag === "Intervened") part("pressed").textContent = `Done: ${event.text}.`
})

const calm = matchMedia("(prefers-reduced-motion: reduce)")
let drawn = 0
setInterval(() => {
  drawNumbers()
  drawLog()
  if (paused || Date.now() - drawn < (calm.matches ? 1000 : 200)) return
  drawn = now = Date.now()
  drawPictures()
}, 200)
