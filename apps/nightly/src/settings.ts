/**
 * Where to go and with which credentials: the environment says it. A service of which nothing is said is simulated. What is
 * missing or wrong is reported all at once.
 */
import * as Context from "effect/Context"
import * as Redacted from "effect/Redacted"
import type { Api } from "./run-events.ts"

type Secret = Redacted.Redacted<string>

/** What a run goes by. */
export interface Settings {
  readonly bench: { readonly url: string; readonly login: string; readonly password: Secret }
  readonly allura: {
    readonly url: string
    readonly project: string
    /** Where the site puts finished exports: a folder, or a place for `scp` such as `web.sourceforge.net:/home/project-exports`. */
    readonly exports: string
    readonly credential:
      | { readonly kind: "bearer"; readonly token: Secret }
      | {
          readonly kind: "oauth1"
          readonly consumerKey: string
          readonly consumerSecret: Secret
          readonly token: string
          readonly tokenSecret: Secret
        }
  }
  readonly bits: {
    readonly url: string
    readonly clientId: string
    readonly clientSecret: Secret
    /** The file with our own list of applications. */
    readonly applications: string
    /** Days after which an open application has waited for too long. */
    readonly patience: number
  }
  readonly pink: {
    readonly url: string
    readonly credential:
      | { readonly kind: "token"; readonly token: Secret }
      | { readonly kind: "person"; readonly clientId: string }
  }
  readonly store:
    | { readonly kind: "file"; readonly key: Secret | undefined }
    | { readonly kind: "redis" | "postgres"; readonly url: Secret; readonly key: Secret | undefined }
  /** The folder that keeps what must outlive a run: sessions, and how far it came. */
  readonly state: string
  /** The folder for copies of Allura's project. */
  readonly backups: string
  /** Whether sessions outlive the run, so that the next one needs no sign-in. */
  readonly sessions: "keep" | "sign-out"
  /** How many reports and backups are kept. */
  readonly copies: number
}

/** The settings of this run. */
export class SettingsService extends Context.Service<SettingsService, Settings>()("nightly/Settings") {}

export type Environment = Readonly<Record<string, string | undefined>>

const isSet = (env: Environment, name: string): boolean => (env[name] ?? "").trim() !== ""

/** The variables of each service: those it always needs, and the ways to sign in, of which one is chosen. */
const variables: Readonly<
  Record<Api, { readonly always: ReadonlyArray<string>; readonly ways: ReadonlyArray<ReadonlyArray<string>> }>
> = {
  bench: { always: ["BENCH_URL", "BENCH_LOGIN", "BENCH_PASSWORD"], ways: [[]] },
  allura: {
    always: ["ALLURA_URL", "ALLURA_PROJECT", "ALLURA_EXPORTS"],
    ways: [
      ["ALLURA_TOKEN"],
      ["ALLURA_CONSUMER_KEY", "ALLURA_CONSUMER_SECRET", "ALLURA_OAUTH_TOKEN", "ALLURA_OAUTH_SECRET"]
    ]
  },
  bits: { always: ["BITS_URL", "BITS_CLIENT_ID", "BITS_CLIENT_SECRET", "BITS_APPLICATIONS"], ways: [[]] },
  pink: { always: ["PINK_URL"], ways: [["PINK_TOKEN"], ["PINK_CLIENT_ID"]] }
}

/** The services of which the environment says nothing. */
export const unsaid = (env: Environment): ReadonlyArray<Api> =>
  (Object.keys(variables) as ReadonlyArray<Api>).filter((api) => {
    const { always, ways } = variables[api]
    return ![...always, ...ways.flat()].some((name) => isSet(env, name))
  })

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** Reads the environment. Gives the settings, or everything that is wrong with it. */
export const parse = (env: Environment): Settings | ReadonlyArray<string> => {
  const problems: Array<string> = []
  const text = (name: string): string => (env[name] ?? "").trim()
  const secret = (name: string): Secret => Redacted.make(env[name] ?? "", { label: name })
  const url = (name: string): string => {
    const value = text(name)
    if (value === "") return value
    if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
      problems.push(`${name} is not an absolute URL such as https://api.example.`)
    } else if (new URL(value).protocol === "http:" && !loopback.test(new URL(value).hostname)) {
      problems.push(`${name} is plain http to another machine: credentials travel by https only.`)
    }
    return value
  }
  const count = (name: string, standard: number): number => {
    if (!isSet(env, name)) return standard
    const value = Number(text(name))
    if (!Number.isInteger(value) || value < 1) problems.push(`${name} is not a whole number of at least 1.`)
    return value
  }

  for (const api of Object.keys(variables) as ReadonlyArray<Api>) {
    const { always, ways } = variables[api]
    const way = ways.find((names) => names.some((name) => isSet(env, name))) ?? ways[0] ?? []
    const missing = [...always, ...way].filter((name) => !isSet(env, name))
    if (missing.length === 0) continue
    const all = [...always, ...(ways.length > 1 ? [ways.map((names) => names.join(" + ")).join(" or ")] : [])]
    problems.push(
      `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not set. Set all of ${all.join(", ")} to use a real ${api}, or none of them for a simulated one.`
    )
  }
  const sessions = text("NIGHTLY_SESSIONS") || "keep"
  if (sessions !== "keep" && sessions !== "sign-out") problems.push("NIGHTLY_SESSIONS is neither keep nor sign-out.")
  if (isSet(env, "REDIS_URL") && isSet(env, "DATABASE_URL")) {
    problems.push("REDIS_URL and DATABASE_URL are both set: sessions are kept in one place. Leave one of them out.")
  }

  if (isSet(env, "OTEL_EXPORTER_OTLP_ENDPOINT") && !URL.canParse(text("OTEL_EXPORTER_OTLP_ENDPOINT"))) {
    problems.push("OTEL_EXPORTER_OTLP_ENDPOINT is not an absolute URL such as http://localhost:4318.")
  }

  const key = isSet(env, "KEYTURN_KEY") ? secret("KEYTURN_KEY") : undefined
  const settings: Settings = {
    bench: { url: url("BENCH_URL"), login: text("BENCH_LOGIN"), password: secret("BENCH_PASSWORD") },
    allura: {
      url: url("ALLURA_URL"),
      project: text("ALLURA_PROJECT"),
      exports: text("ALLURA_EXPORTS"),
      credential: isSet(env, "ALLURA_TOKEN")
        ? { kind: "bearer", token: secret("ALLURA_TOKEN") }
        : {
            kind: "oauth1",
            consumerKey: text("ALLURA_CONSUMER_KEY"),
            consumerSecret: secret("ALLURA_CONSUMER_SECRET"),
            token: text("ALLURA_OAUTH_TOKEN"),
            tokenSecret: secret("ALLURA_OAUTH_SECRET")
          }
    },
    bits: {
      url: url("BITS_URL"),
      clientId: text("BITS_CLIENT_ID"),
      clientSecret: secret("BITS_CLIENT_SECRET"),
      applications: text("BITS_APPLICATIONS"),
      patience: count("BITS_PATIENCE", 3)
    },
    pink: {
      url: url("PINK_URL"),
      credential: isSet(env, "PINK_TOKEN")
        ? { kind: "token", token: secret("PINK_TOKEN") }
        : { kind: "person", clientId: text("PINK_CLIENT_ID") }
    },
    store: isSet(env, "REDIS_URL")
      ? { kind: "redis", url: secret("REDIS_URL"), key }
      : isSet(env, "DATABASE_URL")
        ? { kind: "postgres", url: secret("DATABASE_URL"), key }
        : { kind: "file", key },
    state: text("NIGHTLY_STATE"),
    backups: text("NIGHTLY_BACKUPS"),
    sessions: sessions === "sign-out" ? "sign-out" : "keep",
    copies: count("NIGHTLY_COPIES", 7)
  }
  return problems.length > 0 ? problems : settings
}

/** The kinds of credential, as the report names them. */
export const howOf = (settings: Settings, api: Api): string => {
  switch (api) {
    case "bench":
      return "password"
    case "allura":
      return settings.allura.credential.kind === "bearer" ? "bearer token" : "OAuth 1.0a"
    case "bits":
      return "client credentials"
    case "pink":
      return settings.pink.credential.kind === "token" ? "personal access token" : "authorization code"
  }
}
