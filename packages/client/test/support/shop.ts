/** The server of `pets`: it signs in, refreshes with single-use tokens and signs out, and takes only its newest token. */
import { type Answer, type Echo, echo, json, type Seen } from "./echo.ts"

export interface Shop extends AsyncDisposable {
  readonly url: string
  readonly seen: ReadonlyArray<Seen>
  /** Requests to anything but the three of the session. */
  readonly calls: () => ReadonlyArray<Seen>
  readonly count: (url: string) => number
  /** Ends the session as a stranger's sign-in would. */
  forget(): void
  /** How a request with a good token is answered. */
  answer: Answer
}

export const shop = async (life = 3600): Promise<Shop> => {
  let issued = 0
  let access = ""
  let refresh = ""
  const grant = () => {
    issued++
    access = `canary-access-${issued}-aaaaaaaaaaaaaaaa`
    refresh = `canary-refresh-${issued}-bbbbbbbbbbbbbbbb`
    return { access_token: access, refresh_token: refresh, expires_in: life, token_type: "Bearer" }
  }
  const auth = new Set(["/signin", "/token", "/signout"])
  const server: Echo = await echo((seen, response, n) => {
    const form = new URLSearchParams(seen.body.toString())
    const isTrue = seen.headers.authorization === `Bearer ${access}` && access !== ""
    switch (seen.url) {
      case "/signin":
        return form.get("password") === "canary-password"
          ? json(response, 200, grant())
          : json(response, 401, { error: "invalid_grant", error_description: `Not ${form.get("password")}` })
      case "/token":
        return form.get("refresh_token") === refresh
          ? json(response, 200, grant())
          : json(response, 400, { error: "invalid_grant", error_description: `Not ${form.get("refresh_token")}` })
      case "/signout":
        if (!isTrue) return json(response, 401, {})
        access = ""
        return response.writeHead(204).end()
      default:
        if (!isTrue && seen.url !== "/open") return json(response, 401, { why: "token" })
        return made.answer(seen, response, n)
    }
  })
  const made: Shop = {
    url: server.url,
    seen: server.seen,
    calls: () => server.seen.filter(({ url }) => !auth.has(url)),
    count: (url) => server.seen.filter((one) => one.url === url).length,
    forget: () => {
      access = ""
      refresh = ""
    },
    answer: (_seen, response) => json(response, 200, { ok: true }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]()
  }
  return made
}

export const credentials = { login: "ada", password: "canary-password" } as const
