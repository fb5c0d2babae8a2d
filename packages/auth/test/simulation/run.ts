/**
 * One simulation: a few processes that share a store and an account, and whatever goes wrong, all chosen by a seed. The code
 * that is judged is the real one; only time, the network and the authorization server are made here.
 */
import { Authority } from "../support/authority.ts"
import { Oracle } from "./oracle.ts"
import { DRIFT, LIFE, type Plan, planOf } from "./plan.ts"
import { Process, type Surroundings } from "./process.ts"
import { makeStore } from "./store.ts"
import { Trouble } from "./trouble.ts"
import { makeWire } from "./wire.ts"
import { randomFrom, World } from "./world.ts"

/** What came of it. */
export interface Outcome {
  readonly violations: ReadonlyArray<string>
  /** One line an event: time in seconds, who, and what. Empty unless it was asked for. */
  readonly trace: ReadonlyArray<string>
  readonly signIns: number
  readonly refreshes: number
  readonly requests: number
}

/** How many processes there may be in one simulation, dead ones included. */
const MOST = 8

/** What is drawn by the code under test comes from a stream of its own, so that its draws do not change the schedule. */
const isolated = <A>(seed: number, body: () => A): A => {
  const random = Math.random
  const { getRandomValues } = crypto
  const draw = randomFrom(seed)
  // Nobody reads where the errors of ten thousand runs were made, and it costs a tenth of the time to find out.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  Math.random = draw
  crypto.getRandomValues = (array) => {
    const bytes = array as unknown as Uint8Array
    for (let i = 0; i < bytes.length; i++) bytes[i] = draw() * 256
    return array
  }
  try {
    return body()
  } finally {
    Math.random = random
    crypto.getRandomValues = getRandomValues
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Runs one seed and says which invariants it broke. */
export const run = (seed: number, plan: Plan = planOf(seed), tracing = false): Outcome => {
  const world = new World(seed, tracing)
  const authority = new Authority({ limit: plan.limit, life: LIFE, grace: plan.grace })
  const oracle = new Oracle(world, plan)
  const trouble = new Trouble(world, plan, oracle, authority)
  const processes: Array<Process> = []
  const around: Surroundings = {
    world,
    plan,
    authority,
    oracle,
    storeOf: makeStore(world, plan, oracle, trouble),
    wireOf: makeWire(world, authority, oracle, trouble)
  }
  isolated(seed ^ 0x2545f491, () => {
    try {
      live(around, trouble, processes)
    } catch (error) {
      oracle.violate(`died: ${error instanceof Error ? error.stack : String(error)}`)
    }
  })
  return {
    violations: oracle.violations,
    trace: world.trace,
    signIns: oracle.signIns,
    refreshes: authority.count("refresh"),
    requests: processes.reduce((sum, { requests }) => sum + requests, 0)
  }
}

const live = (around: Surroundings, trouble: Trouble, processes: Array<Process>) => {
  const { authority, oracle, plan, world } = around
  const { weather } = plan
  const headless = plan.signIn === "headless"
  const isCalm = Object.values(weather).every((bad) => !bad)
  const start = () => {
    const ahead = weather.clocks ? world.between(-DRIFT, DRIFT) : 0
    processes.push(new Process(`p${processes.length + 1}`, ahead, around))
  }
  const request = (process: Process) =>
    process.request(
      (outcome) => {
        // A sign-in that was given up can still displace the next one.
        if (isCalm && oracle.abandoned === 0 && outcome !== "200") {
          oracle.violate(`I4: in good weather a request failed: ${outcome}`)
        }
      },
      world.chance(0.15) ? world.between(0, 1500) : undefined
    )
  trouble.hurry = (millis) => {
    for (const process of processes) {
      for (let i = 0; i < 3; i++) world.after(world.between(0, millis), undefined, () => request(process))
    }
  }
  const happen = () => {
    const living = processes.filter((process) => process.living)
    const draw = world.random()
    if (living.length === 0 || (draw < 0.05 && processes.length < MOST)) return start()
    const process = world.pick(living)
    const { machine } = process
    if (draw < 0.6) {
      const times = world.chance(0.2) ? 5 : 1
      for (let i = 0; i < times; i++) request(process)
    } else if (draw < 0.64) process.close()
    else if (draw < 0.68 && weather.crashes) trouble.crash(machine, "just so")
    else if (draw < 0.72 && weather.pauses) trouble.pause(machine, world.between(4000, 30_000), "just so")
    else if (draw < 0.75 && weather.strangers) trouble.stranger()
    else if (draw < 0.79 && weather.clocks) trouble.jump(machine)
  }

  for (let first = world.between(1, 4); first > 0; first--) start()
  for (let steps = world.between(8, 30); steps > 0; steps--) {
    world.advance(world.chance(0.15) ? world.between(20_000, LIFE * 1.3) : world.between(0, 8000))
    happen()
  }

  // The weather clears; after a while everything that is still open has to work.
  trouble.over = true
  world.say("", () => "-- the weather clears")
  world.advance(150_000)
  const allowed = ["200"]
  // What only a person could get back may be gone.
  if (!headless) allowed.push("SessionLost")
  const asked = processes.filter((process) => process.living)
  const answers = new Map<Process, string>()
  for (const process of asked) process.request((outcome) => answers.set(process, outcome))
  world.advance(25_000)
  for (const process of asked) {
    const { machine, session } = process
    const answer = answers.get(process)
    if (answer === undefined) {
      if (session !== undefined) oracle.violate(`I8: a request of ${machine.name} never ended`)
      else if (headless) oracle.violate(`I8: ${machine.name} neither opened nor failed`)
    } else if (!allowed.includes(answer)) {
      oracle.violate(`I4: in good weather a request of ${machine.name} ended in ${answer}`)
    }
  }
  for (const process of processes) process.close()
  world.advance(30_000)
  for (const { closed, machine } of processes) if (!closed) oracle.violate(`I8: ${machine.name} did not close`)
  if (world.waiting() > 0) oracle.violate(`I8: ${world.waiting()} timers outlive every session`)
  // With nothing gone wrong the last one out leaves no session behind.
  if (isCalm && authority.live() > oracle.abandoned) {
    oracle.violate("I5: a session is left on the server after the last holder left")
  }
}

/** A run that broke something as text: what broke, what was planned, and what happened. */
export const explain = (seed: number, plan: Plan): string => {
  const { trace, violations } = run(seed, plan, true)
  return [
    `seed ${seed}: ${violations.join("; ") || "every invariant holds"}`,
    `replay it with: KEYTURN_SEED=${seed}`,
    JSON.stringify(plan),
    ...trace
  ].join("\n")
}
