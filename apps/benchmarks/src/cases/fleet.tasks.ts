/** What the processes of a fleet do, and the server that they all sign in at. */
interface Member {
  readonly read: () => Promise<unknown>
  readonly close: () => Promise<void>
}

/** What a process saw of one wave. */
export interface Wave {
  readonly failed: number
  /** One of the errors, if any. */
  readonly error: string | undefined
}

/** What the server saw. */
export interface Seen {
  readonly signIns: number
  readonly refreshes: number
  readonly rejected: number
  /** Refreshes with a token that had been spent: with some servers the end of the session. */
  readonly reuses: number
  /** Sessions that a sign-in threw out. */
  readonly evictions: number
  /** The most sign-ins and refreshes at one time. */
  readonly peakRenewals: number
}

let member: Member

// What a peer writes to the terminal while it recovers is no part of its answer.
console.warn = () => {}

/** Joins the fleet. */
export const join = async (file: string, config: object): Promise<void> => {
  const { setup } = (await import(file)) as { setup: (config: object) => Promise<Member> }
  member = await setup(config)
}

/** Sends requests one after the other, each after a short pause. */
export const wave = async (
  _: string,
  { account, pause, requests }: { readonly requests: number; readonly pause: number; readonly account: number }
): Promise<Wave> => {
  let failed = 0
  let error: string | undefined
  for (let sent = 0; sent < requests; sent++) {
    try {
      const [first] = (await member.read()) as ReadonlyArray<{ readonly id: number }>
      if (first?.id !== account) throw new Error(`got ${JSON.stringify(first)?.slice(0, 80)}`)
    } catch (caught) {
      failed++
      error ??= caught instanceof Error ? caught.message : String(caught)
    }
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())))
  }
  return { failed, error }
}

export const leave = async (): Promise<void> => {
  await member?.close()
}

interface Simulator {
  readonly url: string
  readonly credentials: { readonly service: object }
  readonly stats: () => {
    readonly signIns: number
    readonly refreshes: number
    readonly refreshReuses: number
    readonly evictions: number
    readonly peakRenewals: number
    readonly rejected: { readonly total: number }
  }
}

let simulator: Simulator

/** Starts the server; `life` is how long an unused session lives, in milliseconds. */
export const serve = async (
  file: string,
  life: number
): Promise<{ readonly url: string; readonly credentials: object }> => {
  const module = (await import(file)) as { serve: (options: object) => Promise<Simulator> }
  simulator = await module.serve({ lifetimes: { access: { milliseconds: life } } })
  return { url: simulator.url, credentials: simulator.credentials.service }
}

export const seen = async (): Promise<Seen> => {
  const { evictions, peakRenewals, refreshes, refreshReuses, rejected, signIns } = simulator.stats()
  return { evictions, peakRenewals, refreshes, reuses: refreshReuses, rejected: rejected.total, signIns }
}
