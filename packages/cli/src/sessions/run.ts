/** `keyturn sessions …`: what the commands have in common, and what each prints. */
import type { SessionStore } from "@keyturn/auth/SessionStore"
import { type Configured, loadSessions, UsageError } from "./config.ts"
import { doctorText, examine, isProbe } from "./doctor.ts"
import { called, type Kept, keptIn } from "./kept.ts"
import { listText, showText } from "./list.ts"
import { entryOf, type SignedOut, signIn, signOut } from "./sign.ts"
import { openStore } from "./store.ts"

/** The flags that every command has. */
export interface CommonInput {
  readonly store: string | undefined
  readonly config: string | undefined
  readonly json: boolean
}

/** What a command does with. */
interface Desk extends Configured {
  readonly store: SessionStore
  readonly place: string
  readonly path: string | undefined
  readonly kept: () => Promise<ReadonlyArray<Kept>>
  readonly signal: AbortSignal
}

/** What a command says: as text, as JSON, and by its exit code. */
interface Answer {
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
  readonly ok?: boolean
}

const tagOf = (error: unknown): string | undefined =>
  error instanceof Error ? (error as { readonly _tag?: string })._tag : undefined

/** Exit codes: 0 done, 1 it could not be done or something is wrong, 2 the command itself was wrong, 130 interrupted. */
const run = async (
  { config, json, store: named }: CommonInput,
  signal: AbortSignal,
  command: (desk: Desk) => Promise<Answer>
): Promise<number> => {
  try {
    const configured = await loadSessions(config)
    await using opened = await openStore(named, configured.store)
    const kept = () => keptIn(opened.store, configured.sessions)
    const { json: data, ok = true, text } = await command({ ...configured, ...opened, kept, signal })
    console.log(json ? JSON.stringify({ ok, ...data }, null, 2) : text.trimEnd())
    return ok ? 0 : 1
  } catch (error) {
    if (signal.aborted) return 130
    const tag = tagOf(error)
    if (tag === undefined) throw error
    const { message } = error as Error
    if (json) console.log(JSON.stringify({ ok: false, error: { tag, message } }, null, 2))
    console.error(`keyturn sessions: ${message}`)
    return error instanceof UsageError ? 2 : 1
  }
}

const own = async ({ kept }: Desk): Promise<ReadonlyArray<Kept>> => (await kept()).filter((one) => !isProbe(one))

export const runList = (input: CommonInput & { readonly all: boolean }, signal: AbortSignal): Promise<number> =>
  run(input, signal, async (desk) => {
    const sessions = await own(desk)
    return { text: listText(sessions, input.all, desk.place, Date.now()), json: { sessions } }
  })

export const runShow = (input: CommonInput & { readonly name: string }, signal: AbortSignal): Promise<number> =>
  run(input, signal, async (desk) => {
    const found = called(await own(desk), input.name, desk.sessions)
    const now = Date.now()
    return {
      ok: found.length > 0,
      text:
        found.length === 0 ? `${input.name} has never signed in.` : found.map((one) => showText(one, now)).join("\n"),
      json: { sessions: found }
    }
  })

export const runSignIn = (input: CommonInput & { readonly name: string }, signal: AbortSignal): Promise<number> =>
  run(input, signal, async (desk) => {
    await signIn(entryOf(desk.sessions, input.name), desk.store, signal)
    const sessions = called(await own(desk), input.name, desk.sessions)
    return { text: `Signed in to ${input.name}: the session is kept in ${desk.place}.`, json: { sessions } }
  })

export const runSignOut = (
  input: CommonInput & { readonly name: string; readonly everywhere: boolean },
  signal: AbortSignal
): Promise<number> =>
  run(input, signal, async (desk) => {
    const entry = entryOf(desk.sessions, input.name)
    const before = called(await own(desk), input.name, desk.sessions)
    const outcome = await signOut(entry, before, desk.store, input.everywhere, signal)
    const sessions = called(await own(desk), input.name, desk.sessions)
    const holders = input.everywhere ? 0 : Math.max(0, ...sessions.map(({ holders }) => holders))
    return {
      ok: outcome._tag === "NotSignedIn" || (outcome._tag === "Left" && holders === 0),
      text: signOutText(outcome, input.name, holders),
      json: { signedOut: outcome._tag === "Left" && holders === 0, sessions }
    }
  })

const signOutText = (outcome: SignedOut, name: string, holders: number): string => {
  if (outcome._tag === "NotSignedIn") return `${name} is not signed in.`
  if (outcome._tag === "Failed")
    return `${name} is forgotten here, but the server did not hear of it: ${outcome.message}`
  return holders === 0
    ? `Signed out of ${name}.`
    : `${name} is still used by ${holders} ${holders === 1 ? "process" : "processes"}, which will sign out when they end. --everywhere ends the session for them too.`
}

export const runDoctor = (input: CommonInput, signal: AbortSignal): Promise<number> =>
  run(input, signal, async (desk) => {
    const findings = await examine(desk)
    return {
      ok: findings.every(({ outcome }) => outcome !== "failed"),
      text: `${desk.place}\n${doctorText(findings)}`,
      json: { store: desk.place, findings }
    }
  })
