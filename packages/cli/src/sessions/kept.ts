/**
 * The sessions that a store keeps, as a person sees them: no tokens, only what tells them apart.
 */
import { createHash } from "node:crypto"
import type * as SessionRecord from "@keyturn/auth/SessionRecord"
import type { Listed, SessionStore } from "@keyturn/auth/SessionStore"
import { serverUrl } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { SessionConfig } from "./config.ts"
import { UsageError } from "./config.ts"

/**
 * How a stored session is: `expired` has an access token that is over by this clock and may yet be renewed; `unanswered`
 * has sent a sign-in or refresh whose answer has not been stored; `unreadable` does not open.
 */
export type State = "signed in" | "expired" | "unanswered" | "signed out" | "signed out everywhere" | "unreadable"

/** A stored session without its secrets. Times are in milliseconds since the epoch. */
export interface Kept {
  readonly key: string
  /** The names that the config has for it. */
  readonly names: ReadonlyArray<string>
  readonly api: string
  readonly server: string
  readonly scheme: string
  readonly grant: string
  /** The login, client id or whatever else tells accounts apart. */
  readonly account: string
  /** Which of the account's sessions, where a policy asks for several; absent for the first. */
  readonly slot?: number
  /** The scopes that it was made for; absent for the server's default. */
  readonly asked?: ReadonlyArray<string>
  readonly state: State
  readonly holders: number
  /** For how long a process may still change it alone, in milliseconds; 0 for nobody. */
  readonly leased: number
  readonly version: number
  readonly generation: number
  readonly accessToken?: { readonly fingerprint: string; readonly issuedAt: number; readonly expiresAt?: number }
  readonly refreshToken?: { readonly fingerprint: string; readonly issuedAt?: number }
  /** The granted scopes, when they are known. */
  readonly scope?: ReadonlyArray<string>
  readonly marker?: Pick<SessionRecord.Marker, "operation" | "attempt" | "at" | "deadline">
  /** Why it does not open. */
  readonly error?: string
}

/** The same twelve digits as in the events and logs of a session. */
const fingerprint = (token: Redacted.Redacted<string>): string =>
  createHash("sha256").update(Redacted.value(token)).digest("hex").slice(0, 12)

/** A server's URL as it stands in a key. */
const addressOf = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/+$/, "")
}

const stateOf = ({ ended, marker, tokens }: SessionRecord.SessionRecord, now: number): State => {
  if (marker !== undefined) return "unanswered"
  if (tokens === undefined) return ended === undefined ? "signed out" : "signed out everywhere"
  return tokens.expiresAt !== undefined && tokens.expiresAt <= now ? "expired" : "signed in"
}

const describe = ({ holders, key, leased }: Listed): Omit<Kept, "names" | "state" | "version" | "generation"> => {
  const [name = "", slot] = key.split("#")
  const [api = "", server = "", scheme = "", grant = "", account = "", asked] = name.split("|").map(decodeURIComponent)
  const parts = { ...(slot && { slot: Number(slot) }), ...(asked && { asked: asked.split(" ") }) }
  return { key, api, server, scheme, grant, account, ...parts, holders, leased }
}

const summary = (record: SessionRecord.SessionRecord, now: number) => {
  const { generation, marker, tokens, version } = record
  return {
    state: stateOf(record, now),
    version,
    generation,
    ...(tokens && {
      accessToken: {
        fingerprint: fingerprint(tokens.accessToken),
        issuedAt: tokens.issuedAt,
        ...(tokens.expiresAt === undefined ? {} : { expiresAt: tokens.expiresAt })
      },
      ...(tokens.refreshToken && {
        refreshToken: {
          fingerprint: fingerprint(tokens.refreshToken),
          ...(tokens.refreshIssuedAt === undefined ? {} : { issuedAt: tokens.refreshIssuedAt })
        }
      }),
      ...(tokens.scope && { scope: tokens.scope })
    }),
    ...(marker && {
      marker: { operation: marker.operation, attempt: marker.attempt, at: marker.at, deadline: marker.deadline }
    })
  }
}

/** The texts among credentials, however deep: one of them names the account. */
const textsOf = (credentials: unknown): ReadonlyArray<string> => {
  if (typeof credentials === "string") return [credentials]
  if (Redacted.isRedacted(credentials)) return textsOf(Redacted.value(credentials))
  return typeof credentials === "object" && credentials !== null ? Object.values(credentials).flatMap(textsOf) : []
}

/** Whether a key is of the session that the config describes: of its API and server, and of its account if it tells. */
const isOf = ({ account, api, server }: Pick<Kept, "account" | "api" | "server">, config: SessionConfig): boolean => {
  const { baseUrl, contract } = config
  const [declared] = contract.servers
  const url = baseUrl ?? (declared && serverUrl(declared))
  if (api !== contract.name || (url !== undefined && URL.canParse(url) && server !== addressOf(url))) return false
  const texts = textsOf(config.credentials)
  return (
    texts.length === 0 ||
    texts.some((text) => account === fingerprint(Redacted.make(text)) || ` ${account} `.includes(` ${text} `))
  )
}

/** All that the store keeps. Rejects with `StoreUnavailable`, or `UsageError` for a store that cannot list. */
export const keptIn = async (
  store: SessionStore,
  sessions: ReadonlyMap<string, SessionConfig>
): Promise<ReadonlyArray<Kept>> => {
  if (store.list === undefined) throw new UsageError("this store cannot list what it keeps")
  const listed = await Effect.runPromise(store.list)
  const now = Date.now()
  return Promise.all(
    listed.map(async (one) => {
      const about = describe(one)
      const names = [...sessions].flatMap(([name, config]) => (isOf(about, config) ? [name] : []))
      const record = await Effect.runPromise(Effect.result(store.read(one.key)))
      return Result.isSuccess(record)
        ? { ...about, names, ...summary(record.success, now) }
        : { ...about, names, state: "unreadable" as const, version: 0, generation: 0, error: record.failure.message }
    })
  )
}

/** Those that a person means by a config's name, an API's name or a whole key. Rejects with `UsageError` if there is none such. */
export const called = (
  kept: ReadonlyArray<Kept>,
  name: string,
  sessions: ReadonlyMap<string, SessionConfig>
): ReadonlyArray<Kept> => {
  const found = kept.filter(
    ({ api, key, names }) => names.includes(name) || (!sessions.has(name) && api === name) || key === name
  )
  if (found.length > 0 || sessions.has(name)) return found
  const known = [...new Set([...sessions.keys(), ...kept.map(({ api }) => api)])]
  throw new UsageError(
    `no session is called ${name}${known.length === 0 ? "; the store keeps none" : `: there is ${known.join(", ")}`}`
  )
}
