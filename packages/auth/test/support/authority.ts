/**
 * An authorization server as a model: access tokens that expire, refresh tokens that work once, a limit of sessions for
 * the account, and a log of everything that reached it. The log is the oracle of the tests: what a client believes of
 * itself proves nothing.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Grant, type GrantFailure, GrantRejected } from "../../src/Grant.ts"
import type { TokenSet } from "../../src/TokenSet.ts"

export type Operation = "signIn" | "refresh" | "signOut"

/** What the server has seen. `token` is the refresh token of a refresh and the access token of anything else. */
export interface Entry {
  readonly at: number
  readonly kind: Operation | "reuse" | "replay" | "refused" | "evicted" | "stranger"
  readonly token: string
}

export interface Rules {
  /** Sessions at a time; one more ends the oldest. */
  readonly limit: number
  /** Milliseconds that an access token lives. */
  readonly life: number
  /** Milliseconds after its first use in which a refresh token is answered again as before. */
  readonly grace: number
  /** Whether a spent refresh token that comes again ends the whole session (RFC 9700 §4.14.2). */
  readonly reuseEnds: boolean
  readonly password: string
}

interface Live {
  readonly id: number
  access: string
  refresh: string
  until: number
  readonly spent: Map<string, { readonly at: number; readonly access: string; readonly refresh: string }>
}

export interface Pair {
  readonly access: string
  readonly refresh: string
  readonly expiresIn: number
}

/** How a call is carried to the server and back: by default with 100 ms on the way. */
export type Wire = (commit: Effect.Effect<Pair, GrantFailure>) => Effect.Effect<Pair, GrantFailure>

export class Authority {
  readonly log: Array<Entry> = []
  readonly rules: Rules
  onEntry: ((kind: Entry["kind"], token: string) => void) | undefined
  private sessions: Array<Live> = []
  private issued = 0

  constructor(rules: Partial<Rules> = {}) {
    this.rules = { limit: 1, life: 600_000, grace: 0, reuseEnds: true, password: "correct horse", ...rules }
  }

  count(kind: Entry["kind"]): number {
    return this.log.filter((entry) => entry.kind === kind).length
  }

  private note(at: number, kind: Entry["kind"], token: string) {
    this.log.push({ at, kind, token })
    this.onEntry?.(kind, token)
  }

  private pair(session: Live): Pair {
    return { access: session.access, refresh: session.refresh, expiresIn: this.rules.life }
  }

  private open(now: number): Live {
    const id = ++this.issued
    const session: Live = {
      id,
      access: `access-${id}`,
      refresh: `refresh-${id}`,
      until: now + this.rules.life,
      spent: new Map()
    }
    this.sessions.push(session)
    while (this.sessions.length > this.rules.limit) {
      const oldest = this.sessions.shift() as Live
      this.note(now, "evicted", oldest.access)
    }
    return session
  }

  signIn(now: number, password: string): Pair | undefined {
    if (password !== this.rules.password) {
      this.note(now, "refused", "password")
      return undefined
    }
    const session = this.open(now)
    this.note(now, "signIn", session.access)
    return this.pair(session)
  }

  /** Somebody else signs in with the same account. */
  stranger(now: number): void {
    this.note(now, "stranger", this.open(now).access)
  }

  refresh(now: number, token: string): Pair | undefined {
    const session = this.sessions.find((session) => session.refresh === token)
    if (session !== undefined) {
      const id = ++this.issued
      const spent = { at: now, access: `access-${id}`, refresh: `refresh-${id}` }
      session.spent.set(token, spent)
      session.access = spent.access
      session.refresh = spent.refresh
      session.until = now + this.rules.life
      this.note(now, "refresh", token)
      return this.pair(session)
    }
    const family = this.sessions.find((session) => session.spent.has(token))
    const before = family?.spent.get(token)
    if (family !== undefined && before !== undefined && now < before.at + this.rules.grace) {
      this.note(now, "replay", token)
      return { access: before.access, refresh: before.refresh, expiresIn: this.rules.life }
    }
    const first = this.log.find((entry) => entry.kind === "refresh" && entry.token === token)
    this.note(now, first !== undefined && now >= first.at + this.rules.grace ? "reuse" : "refused", token)
    if (family !== undefined && this.rules.reuseEnds) this.sessions = this.sessions.filter((other) => other !== family)
    return undefined
  }

  signOut(now: number, access: string): boolean {
    const before = this.sessions.length
    this.sessions = this.sessions.filter((session) => session.access !== access)
    const ended = this.sessions.length < before
    this.note(now, ended ? "signOut" : "refused", access)
    return ended
  }

  /** The resource server's check: 200 or 401. */
  use(now: number, access: string): 200 | 401 {
    return this.sessions.some((session) => session.access === access && now < session.until) ? 200 : 401
  }

  live(): number {
    return this.sessions.length
  }

  /** Every session is gone, as after a restart that kept nothing. */
  forget(): void {
    this.sessions = []
  }
}

const now = Effect.clockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))

export interface GrantOptions {
  readonly password?: string
  readonly signIn?: Grant["signIn"]
  readonly refreshable?: boolean
  readonly announces?: boolean
  readonly wire?: (operation: Operation, n: number) => Wire
  /** The time on the server; the process's own clock by default. */
  readonly now?: Effect.Effect<number>
}

/** A grant that asks the model, over a wire that a test can cut. */
export const grantOf = (
  authority: Authority,
  options: GrantOptions = {}
): Grant & { readonly calls: Array<Operation> } => {
  const { announces = true, refreshable = true, signIn = "headless", wire } = options
  const password = options.password ?? authority.rules.password
  const secret = Redacted.make(password)
  const calls: Array<Operation> = []
  const serverNow = options.now ?? now
  const tokensOf = (pair: Pair) =>
    Effect.map(
      now,
      (at): TokenSet => ({
        accessToken: Redacted.make(pair.access),
        ...(refreshable && { refreshToken: Redacted.make(pair.refresh), refreshIssuedAt: at }),
        tokenType: "Bearer",
        issuedAt: at,
        ...(announces && { expiresAt: at + pair.expiresIn })
      })
    )
  const call = (operation: Operation, commit: (now: number) => Pair | undefined) =>
    Effect.suspend(() => {
      calls.push(operation)
      const committed = Effect.flatMap(serverNow, (at) => {
        const pair = commit(at)
        return pair === undefined
          ? Effect.fail(
              new GrantRejected({ status: operation === "signIn" ? 401 : 400, code: "invalid_grant", message: "No." })
            )
          : Effect.succeed(pair)
      })
      const carried = wire?.(operation, calls.filter((other) => other === operation).length)
      return carried === undefined ? Effect.andThen(Effect.sleep(100), committed) : carried(committed)
    })
  return {
    calls,
    name: "password",
    signIn,
    identity: "ada",
    secret,
    obtain: () =>
      Effect.flatMap(
        call("signIn", (at) => authority.signIn(at, password)),
        tokensOf
      ),
    ...(refreshable && {
      refresh: (_context, tokens) =>
        Effect.flatMap(
          call("refresh", (at) =>
            authority.refresh(at, tokens.refreshToken === undefined ? "" : Redacted.value(tokens.refreshToken))
          ),
          tokensOf
        )
    }),
    signOut: (_context, tokens) =>
      Effect.asVoid(
        call("signOut", (at) => {
          const access = Redacted.value(tokens.accessToken)
          return authority.signOut(at, access) ? { access, refresh: "", expiresIn: 0 } : undefined
        })
      )
  }
}
