/** What most tests start from. */
import { connect, memoryStore, type SessionEvent } from "@keyturn/client"
import type { SecurityScheme } from "@keyturn/contract"
import { type AuthorizationCodeOptions, authorizationCode } from "../../src/index.ts"
import { type LoopbackOptions, loopback } from "../../src/loopback.ts"
import { browser, type Choice, signIn } from "./person.ts"
import { flows, type Referee } from "./referee.ts"

/** Everything that a session can be given. */
export const scope = "openid offline_access read"

/** An oauth2 scheme that names its endpoints. */
export const codeScheme = (server: Referee, more: Partial<SecurityScheme> = {}) =>
  ({ type: "oauth2", flows: { authorizationCode: flows(server.url) }, ...more }) as SecurityScheme

/** A scheme whose endpoints are found by discovery. */
export const discovered = (server: Referee): SecurityScheme => ({
  type: "openIdConnect",
  openIdConnectUrl: `${server.url}/.well-known/openid-configuration`
})

/** A program on the person's machine: `opened` collects the URLs, `pages` what the person saw at the end. */
export const commandLine = (
  options: Partial<AuthorizationCodeOptions> & LoopbackOptions & { choice?: Choice } = {}
) => {
  const { choice, open, redirectUri, timeout, ...rest } = options
  const opened: Array<string> = []
  const pages: Array<Promise<string>> = []
  const grant = authorizationCode({
    clientId: "cli",
    scope,
    parameters: { prompt: "consent" },
    redirect: loopback({
      ...(redirectUri !== undefined && { redirectUri }),
      ...(timeout !== undefined && { timeout }),
      open:
        open ??
        ((url) => {
          opened.push(url)
          pages.push(signIn(browser(), url, choice).then(({ html }) => html))
        })
    }),
    ...rest
  })
  return { grant, opened, pages }
}

/** Events, and a fresh store: sessions of different tests never meet. */
export const observed = () => {
  const events: Array<SessionEvent> = []
  return {
    events,
    tags: () => events.map(({ _tag }) => _tag),
    options: { store: memoryStore(), onEvent: (event: SessionEvent) => void events.push(event) }
  }
}

/** What `connect` rejects with. */
export const refusal = async (attempt: Promise<AsyncDisposable>): Promise<Error & Record<string, unknown>> => {
  try {
    const opened = await attempt
    await opened[Symbol.asyncDispose]()
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error("it connected")
}

export { connect }
