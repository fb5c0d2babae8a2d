/**
 * How a session behaves where the contract leaves a choice. Every field has a default; a user gives the ones to change.
 */
import * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"

/** The choices of a session. */
export interface Policy {
  /** How long before its expiry a token is renewed: `min(margin, fraction × lifetime)`, a random part of `jitter` earlier. */
  readonly renewal: {
    /** Default 60 seconds. */
    readonly margin: Duration.Duration
    /** A share of the token's life, 0–1. Default 0.2. */
    readonly fraction: number
    /** A share of the margin, 0–1, drawn once per token. Default 0.25. */
    readonly jitter: number
  }
  readonly deadline: {
    /** One sign-in call. Default 30 seconds. */
    readonly signIn: Duration.Duration
    /** One refresh call. Default 30 seconds. */
    readonly refresh: Duration.Duration
    /**
     * Everything that a closing session does, sign-out call included. Default 5 seconds. A renewal that is under way may take
     * the first half of it; its answer is then given up, and the next to open finds that it was never stored.
     */
    readonly signOut: Duration.Duration
    /** Waiting for another process to finish its renewal. Default 60 seconds. */
    readonly lease: Duration.Duration
  }
  /**
   * When a call to the authorization server is tried again: only ones that surely changed nothing there, and sign-ins.
   * Default: after 200 ms and then twice as long each time, jittered, 6 times within 20 seconds: about 12 of them, so that an
   * authorization server may be restarted. `Retry-After` is a floor.
   */
  readonly retry: Schedule.Schedule<unknown, unknown>
  /**
   * The same while a session is being opened, when somebody wants to hear of a wrong URL. Default: `retry` if that is given, else
   * 4 times, which takes 3 seconds.
   */
  readonly retryOpening: Schedule.Schedule<unknown, unknown>
  /** After a failed renewal, callers get the same error for so long without another call. Default 5 seconds. */
  readonly coolDown: Duration.Duration
  /** What to do about a stranger who signs in with the same account. */
  readonly displacement: {
    /** So many renewals within `window` before `SessionDisplaced`. Default 3. */
    readonly budget: number
    /** Default 10 minutes. */
    readonly window: Duration.Duration
    /** Wait before the second such renewal; doubles with each further one. Default 1 second. */
    readonly backOff: Duration.Duration
  }
  /** How often an idempotent request is tried again after a network error, 408, 429 or 5xx. Default 2; 0 never does. */
  readonly retries: number
  /** How often a holder says that it is alive; it counts as gone after three times that. Default 10 seconds. */
  readonly heartbeat: Duration.Duration
  /** What the last holder does when it leaves: end the session on the server, or keep it in the store. Default `signOut`. */
  readonly onClose: "signOut" | "keep"
  /**
   * For how long the last holder leaves the session as it is before it ends it. Default 0.
   *
   * Programs that are short and come often (a cron job every minute, a function per request) take the session over from each
   * other instead of signing in each time. Closing waits for nothing: a process that lives on signs out once the time is over,
   * unless somebody has taken the session over, and no timer keeps it alive. When no process lives on nobody can sign out:
   * the session stays in the store, whoever opens next takes it over as long as the server lets it live, and if nobody does it
   * ends on the server when its tokens do. What must not live longer than its program wants 0.
   */
  readonly linger: Duration.Duration
  /**
   * How many sessions of an account are kept at a time, each shared by those who were given it: who opens gets the one with the
   * fewest holders. Default 1. More than the API allows an account (`limit` in x-session) is a `ConfigurationError`; where it
   * tells people from service accounts the larger number is the bound, for only you know which one it is.
   */
  readonly sessions: number
}

/** A policy as a user writes it: any part left out keeps its default; durations in any form Effect reads. */
export interface PolicyInput {
  readonly renewal?: { readonly margin?: Duration.Input; readonly fraction?: number; readonly jitter?: number }
  readonly deadline?: {
    readonly signIn?: Duration.Input
    readonly refresh?: Duration.Input
    readonly signOut?: Duration.Input
    readonly lease?: Duration.Input
  }
  readonly retry?: Schedule.Schedule<unknown, unknown>
  readonly coolDown?: Duration.Input
  readonly displacement?: {
    readonly budget?: number
    readonly window?: Duration.Input
    readonly backOff?: Duration.Input
  }
  readonly retries?: number
  readonly heartbeat?: Duration.Input
  readonly onClose?: "signOut" | "keep"
  readonly linger?: Duration.Input
  readonly sessions?: number
}

const retry = (times: number): Schedule.Schedule<unknown, unknown> =>
  Schedule.exponential("200 millis").pipe(Schedule.jittered, Schedule.upTo({ times, duration: "20 seconds" }))

const usual = retry(6)
const opening = retry(4)

/** Who says nothing, or the same thing again, gets the same policy: sessions are made by the thousand. */
const made = new WeakMap<PolicyInput, Policy>()
const nothing: PolicyInput = {}

/** The policy with its defaults filled in. */
export const make = (input: PolicyInput = nothing): Policy => {
  const known = made.get(input) ?? fill(input)
  made.set(input, known)
  return known
}

const fill = (input: PolicyInput): Policy => {
  const duration = (value: Duration.Input | undefined, standard: Duration.Input) =>
    Duration.fromInputUnsafe(value ?? standard)
  return {
    renewal: {
      margin: duration(input.renewal?.margin, "60 seconds"),
      fraction: input.renewal?.fraction ?? 0.2,
      jitter: input.renewal?.jitter ?? 0.25
    },
    deadline: {
      signIn: duration(input.deadline?.signIn, "30 seconds"),
      refresh: duration(input.deadline?.refresh, "30 seconds"),
      signOut: duration(input.deadline?.signOut, "5 seconds"),
      lease: duration(input.deadline?.lease, "60 seconds")
    },
    retry: input.retry ?? usual,
    retryOpening: input.retry ?? opening,
    coolDown: duration(input.coolDown, "5 seconds"),
    displacement: {
      budget: input.displacement?.budget ?? 3,
      window: duration(input.displacement?.window, "10 minutes"),
      backOff: duration(input.displacement?.backOff, "1 second")
    },
    retries: input.retries ?? 2,
    heartbeat: duration(input.heartbeat, "10 seconds"),
    onClose: input.onClose ?? "signOut",
    linger: duration(input.linger, 0),
    sessions: input.sessions ?? 1
  }
}
