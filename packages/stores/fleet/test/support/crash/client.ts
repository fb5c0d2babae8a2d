/** The client of the crash matrix: one contract, and the three ways to renew. */
import type { GrantPlugin } from "@keyturn/auth/Credentials"
import * as DescribedGrant from "@keyturn/auth/DescribedGrant"
import type { Grant, GrantContext } from "@keyturn/auth/Grant"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import { connect } from "@keyturn/client"
import type { Contract, Typed } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"

/** `single use`: signs in by itself; `grace`: the same, and the server answers a refresh again; `interactive`: needs a person. */
export const ways = ["single use", "grace", "interactive"] as const
export type Way = (typeof ways)[number]

interface Paths {
  "/thing": { get: { responses: { 200: { content: { "application/json": Record<string, never> } } } } }
}

interface Credentials {
  readonly login: string
  readonly password: string
}

const contractOf = (way: Way) =>
  ({
    name: "referee",
    servers: [{ url: "http://127.0.0.1" }],
    schemes: {
      session: {
        type: "http",
        scheme: "bearer",
        session: {
          signIn: {
            grant: "password",
            method: "POST",
            path: "/token",
            request: { grant_type: "password", username: "$credentials.login", password: "$credentials.password" }
          },
          refresh: {
            method: "POST",
            path: "/token",
            request: { grant_type: "refresh_token", refresh_token: "$session.refreshToken" },
            reuse: way === "grace" ? { grace: "PT60S" } : "never"
          },
          response: {
            accessToken: "$response.body#/access_token",
            refreshToken: "$response.body#/refresh_token",
            expiresIn: "$response.body#/expires_in"
          }
        }
      }
    },
    security: { default: [{ session: [] }], operations: {} }
  }) satisfies Contract

/**
 * Connects with the account. `deadline` is that of a sign-in or a refresh, in milliseconds, and with it the lease's. With `interactive` the sign-in is a person's: it happens at the
 * start or not at all.
 */
export const connectAs = (
  way: Way,
  login: string,
  options: {
    readonly deadline: number
    readonly url: string
    readonly store: SessionStore
    readonly fetch?: typeof globalThis.fetch
  }
) => {
  const contract = contractOf(way) as Typed<Contract, { paths: Paths; credentials: Credentials }>
  const { deadline, url, ...rest } = options
  const values = { login: Redacted.make(login), password: Redacted.make("secret") }
  const person: GrantPlugin = Object.assign(
    (context: GrantContext): Grant => ({ ...DescribedGrant.make(context, values), signIn: "interactive" }),
    { grant: "password" }
  )
  return connect(contract, {
    ...rest,
    baseUrl: url,
    policy: { deadline: { signIn: deadline, refresh: deadline }, onClose: "keep" },
    ...(way === "interactive" ? { grant: person } : { credentials: { login, password: "secret" } })
  })
}
