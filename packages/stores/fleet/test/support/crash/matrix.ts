/**
 * The crash matrix: a process is killed at each step of a renewal, and then another goes on. What must be true of it is what
 * the protocol promises, by the server's account of it.
 */
import assert from "node:assert/strict"
import { fork } from "node:child_process"
import { once } from "node:events"
import type { Place } from "../places.ts"
import { openStore } from "../stores.ts"
import { connectAs, type Way } from "./client.ts"
import { type Point, points } from "./points.ts"
import { startReferee } from "./referee.ts"
import type { Task } from "./victim.ts"

/** Where processes die, one after the other, before one lives: 4 is the successor of one that died at 6. */
export const deaths: ReadonlyArray<ReadonlyArray<Point>> = [
  ...points.map((point) => [point]),
  ["6: the server has answered", "3: it has read again"],
  ["6: the server has answered", "6: the server has answered"]
]

/** What the survivor finds. */
interface Promised {
  readonly works: boolean
  /** Sign-ins in all, with the first. */
  readonly signIns: number
  /** The most times that any refresh token was sent. */
  readonly sent: number
}

/** DESIGN: a refresh token is spent once; where only a person can sign in once more, by the successor of one that died. */
export const promised = (way: Way, died: ReadonlyArray<Point>): Promised => {
  const at = died.map((point) => Number(point[0])).join()
  if (["1", "2", "3", "7", "8"].includes(at)) return { works: true, signIns: 1, sent: 1 }
  switch (way) {
    case "single use":
      // Nobody can tell whether it was spent, so it is not sent again; a sign-in that was not answered is made again.
      return { works: true, signIns: at === "6,6" ? 3 : 2, sent: at === "5" ? 0 : 1 }
    case "grace":
      return { works: true, signIns: 1, sent: at === "5" ? 1 : at === "6,6" ? 3 : 2 }
    case "interactive":
      return at === "5" ? { works: true, signIns: 1, sent: 1 } : { works: false, signIns: 1, sent: 2 }
  }
}

/** Starts a process with these sessions, and kills it when each has come to its point. */
const die = async (task: Task, expire: () => void): Promise<void> => {
  const child = fork(new URL("./victim.ts", import.meta.url), [JSON.stringify(task)], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "inherit", "inherit", "ipc"]
  })
  const exited = once(child, "exit")
  const told = async (what: string) => {
    const message = await Promise.race([once(child, "message"), exited])
    assert.equal(message[0], what, `a victim ended before it was ${what}`)
  }
  try {
    await told("connected")
    expire()
    child.send("go")
    await told("dying")
  } finally {
    child.kill("SIGKILL")
    await exited
  }
}

/**
 * Runs the matrix `times` times for one way to renew, all at once, and says how many died. `deadline` is how long a call may
 * take, in milliseconds: where the engine cannot tell that a process has died, its lease lasts five seconds longer.
 */
export const crash = async (place: Place, way: Way, times: number, deadline: number): Promise<number> => {
  await using referee = await startReferee({ grace: way === "grace" })
  const { url } = referee
  await using store = openStore(place.spec)
  const cases = Array.from({ length: times }, (_, i) => deaths.map((died) => ({ died, login: `${i}: ${died}` }))).flat()
  // The survivor is this process: it uses the session before anybody dies, and is idle meanwhile.
  const survivors = await Promise.all(cases.map(({ login }) => connectAs(way, login, { deadline, url, store })))
  const before = cases.map(({ login }) => referee.account(login).signIns - 1)
  for (const turn of [0, 1]) {
    const turns = cases.flatMap(({ died, login }) => (died[turn] === undefined ? [] : [{ login, point: died[turn] }]))
    await die({ store: place.spec, url, way, deadline, deaths: turns }, () => {
      // What the first turn's victims obtained is good, though nobody knows it.
      if (turn === 0) for (const { login } of cases) referee.expire(login)
    })
  }
  await Promise.all(
    cases.map(async ({ died, login }, i) => {
      const client = survivors[i] as (typeof survivors)[number]
      const outcome = await client.GET("/thing").then(
        ({ response }) => response.status === 200,
        () => false
      )
      const { peak, sent, signIns } = referee.account(login)
      const seen: Promised = {
        works: outcome,
        signIns: signIns - (before[i] as number),
        sent: Math.max(0, ...sent.values())
      }
      assert.deepEqual(seen, promised(way, died), `${place.spec.engine}, ${way}, killed at ${died.join(" and ")}`)
      assert.equal(peak, 1, `${login}: one call at a time (I2)`)
    })
  )
  await Promise.all(survivors.map((client) => client[Symbol.asyncDispose]()))
  return cases.length
}
