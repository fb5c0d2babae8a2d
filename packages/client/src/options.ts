import type { GrantPlugin } from "@keyturn/auth/Credentials"
import type { PolicyInput } from "@keyturn/auth/Policy"
import type { SessionEvent } from "@keyturn/auth/SessionEvent"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import type { Contract, CredentialsOf, PathsOf } from "@keyturn/contract"
import type { Redacted } from "effect/Redacted"
import type { OperationKey } from "./operations.ts"

/** Credentials where each text may also come as an Effect `Redacted`. */
export type Secretive<T> = T extends string
  ? T | Redacted<string>
  : T extends readonly unknown[] | Date
    ? T
    : T extends object
      ? { readonly [K in keyof T]: K extends "grant" ? T[K] : Secretive<T[K]> }
      : T

/** What `connect` and `layer` take beside the credentials. */
export interface CommonOptions {
  /**
   * A grant from a plugin package, instead of credentials: `authorizationCode({ … })`. With several schemes in the contract
   * it signs in for the first one that knows its kind of grant.
   */
  readonly grant?: GrantPlugin
  /** Replaces the contract's server; its origin is then the one that credentials go to. https, or http to this machine. */
  readonly baseUrl?: string
  /** Further origins that may receive the credentials. */
  readonly allowOrigins?: ReadonlyArray<string>
  /** Where sessions are kept and shared. Default: this process's memory, shared by all its clients. */
  readonly store?: SessionStore
  readonly policy?: PolicyInput
  /** The `fetch` that sends requests and signs in. Default: the global one. */
  readonly fetch?: typeof globalThis.fetch
  /** Called with every event of the session. What it throws is ignored. */
  readonly onEvent?: (event: SessionEvent) => void
}

/**
 * The operations that may be named. The union of all operations of a large API is expensive to make, so it is made only
 * for those who name some.
 */
type KnownOperations<C extends Contract, Operations> =
  Operations extends ReadonlyArray<string> ? ReadonlyArray<OperationKey<PathsOf<C>>> : unknown

/** The options of `connect`. */
export type ConnectOptions<
  C extends Contract,
  Operations extends ReadonlyArray<string> | undefined = undefined
> = CommonOptions & {
  /**
   * The operations that will be called, as `"GET /path"`: the client has these only, and only the scopes that they need are
   * asked for. Default: all of them, and the scopes that the server gives by itself.
   */
  readonly operations?: Operations & KnownOperations<C, Operations>
  /** How to sign in: one of the ways that the contract describes. Left out when a `grant` plugin does it. */
  readonly credentials?: Secretive<CredentialsOf<C>>
  /** Aborts the sign-in that `connect` waits for. */
  readonly signal?: AbortSignal
}
