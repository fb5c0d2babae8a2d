/**
 * An authorization server and an API in one, with any number of accounts of one session each: what a killed process leaves
 * behind is judged by what reached it. It knows nothing of the client.
 */
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"

/** What one account has seen. */
export interface Account {
  readonly signIns: number
  /** How often each refresh token was sent. */
  readonly sent: ReadonlyMap<string, number>
  /** The most sign-ins and refreshes at once. */
  readonly peak: number
}

interface Pair {
  readonly access: string
  readonly refresh: string
}

interface State extends Account {
  signIns: number
  readonly sent: Map<string, number>
  peak: number
  underWay: number
  live: Pair | undefined
  /** Whether the access token is refused until a newer one comes. */
  expired: boolean
  /** What each spent token was exchanged for. */
  readonly spent: Map<string, Pair>
}

const token = () => randomBytes(16).toString("hex")

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = ""
  for await (const chunk of request) text += chunk
  return text
}

/** Starts one. With `grace` a spent refresh token is answered again as before; else it is refused. */
export const startReferee = async ({ grace }: { readonly grace: boolean }) => {
  const accounts = new Map<string, State>()
  const byAccess = new Map<string, string>()
  const byRefresh = new Map<string, string>()
  const at = (login: string): State => {
    const found = accounts.get(login) ?? {
      signIns: 0,
      sent: new Map(),
      peak: 0,
      underWay: 0,
      live: undefined,
      expired: false,
      spent: new Map()
    }
    accounts.set(login, found)
    return found
  }
  const issue = (login: string, account: State): Pair => {
    const pair = { access: token(), refresh: token() }
    account.live = pair
    account.expired = false
    byAccess.set(pair.access, login)
    byRefresh.set(pair.refresh, login)
    return pair
  }
  const exchange = (form: URLSearchParams): Pair | undefined => {
    if (form.get("grant_type") !== "refresh_token") {
      const login = form.get("username") ?? ""
      const account = at(login)
      account.signIns++
      return issue(login, account)
    }
    const refresh = form.get("refresh_token") ?? ""
    const login = byRefresh.get(refresh)
    if (login === undefined) return undefined
    const account = at(login)
    account.sent.set(refresh, (account.sent.get(refresh) ?? 0) + 1)
    const before = account.spent.get(refresh)
    if (before !== undefined) return grace ? before : undefined
    if (account.live?.refresh !== refresh) return undefined // another sign-in has ended this session
    const pair = issue(login, account)
    account.spent.set(refresh, pair)
    return pair
  }
  const answer = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  }
  const server = createServer(async (request, response) => {
    if (request.url === "/token") {
      const form = new URLSearchParams(await textOf(request))
      const account = at(form.get("username") ?? byRefresh.get(form.get("refresh_token") ?? "") ?? "")
      account.peak = Math.max(account.peak, ++account.underWay)
      await new Promise((resolve) => setTimeout(resolve, 5))
      const pair = exchange(form)
      account.underWay--
      if (pair === undefined) return answer(response, 400, { error: "invalid_grant" })
      return answer(response, 200, {
        access_token: pair.access,
        refresh_token: pair.refresh,
        token_type: "Bearer",
        expires_in: 3600
      })
    }
    const access = request.headers.authorization?.replace("Bearer ", "") ?? ""
    const account = accounts.get(byAccess.get(access) ?? "")
    const good = account?.live?.access === access && !account.expired
    answer(response, good ? 200 : 401, {})
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    account: (login: string): Account => at(login),
    /** Refuses the account's access token from now on. */
    expire: (login: string) => {
      at(login).expired = true
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
