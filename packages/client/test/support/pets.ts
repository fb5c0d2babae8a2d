/** A small contract of its own, with its types written out, for what Bench does not have. */
import type { Contract, Typed } from "@keyturn/contract"

interface Op<Status extends number, Body> {
  parameters: { query?: never; header?: never; path?: never; cookie?: never }
  requestBody?: never
  responses: {
    [S in Status]: { headers: Record<string, unknown>; content: { "application/json": Body } }
  } & {
    401: { headers: Record<string, unknown>; content: { "application/json": { why: string } } }
  }
}

type Verbs = { put?: never; delete?: never; options?: never; head?: never; patch?: never; trace?: never }

export interface Paths {
  "/pets": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: Op<200, { ok: boolean }>
    post: Omit<Op<200, { ok: boolean }>, "requestBody"> & { requestBody?: { content: { "*/*": unknown } } }
  } & Verbs
  "/open": {
    parameters: { query?: never; header?: never; path?: never; cookie?: never }
    get: Op<200, { ok: boolean }>
    post?: never
  } & Verbs
}

type Credentials =
  | { readonly login: string; readonly password: string }
  | { readonly grant: "token"; readonly token: string }

const session = {
  signIn: {
    grant: "password",
    method: "POST",
    path: "/signin",
    request: { login: "$credentials.login", password: "$credentials.password" }
  },
  refresh: { method: "POST", path: "/token", request: { refresh_token: "$session.refreshToken" } },
  signOut: { method: "POST", path: "/signout" },
  response: {
    accessToken: "$response.body#/access_token",
    refreshToken: "$response.body#/refresh_token",
    expiresIn: "$response.body#/expires_in"
  }
} as const

const data = {
  name: "pets",
  servers: [{ url: "https://pets.example.com" }],
  schemes: { session: { type: "http", scheme: "bearer", session } },
  security: { default: [{ session: [] }], operations: { "GET /open": [] } }
} as const satisfies Contract

export const pets: Typed<typeof data, { paths: Paths; credentials: Credentials }> = data

/** The same API with its key in another place. */
export const keyed = (place: "header" | "query" | "cookie") => {
  const data = {
    name: `pets-${place}`,
    servers: [{ url: "https://pets.example.com" }],
    schemes: { key: { type: "apiKey", in: place, name: "x-api-key" } },
    security: { default: [{ key: [] }], operations: { "GET /open": [] } }
  } as const satisfies Contract
  const made: Typed<typeof data, { paths: Paths; credentials: { readonly apiKey: string } }> = data
  return made
}
