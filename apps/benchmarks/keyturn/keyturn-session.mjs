import * as Credentials from "@keyturn/auth/Credentials"
import * as Policy from "@keyturn/auth/Policy"
import * as Session from "@keyturn/auth/Session"
import * as SessionStore from "@keyturn/auth/SessionStore"
import * as Transport from "@keyturn/auth/Transport"
import * as Effect from "effect/Effect"
import { contract } from "./items/contract.mjs"

const store = SessionStore.memory()
const policy = Policy.make()
// Made at the first use, when there is a `fetch` to use.
let transport

/** A session alone, as a library that does its own requests holds one: nothing of the client. */
export const setup = async ({ url, username, password }) => {
  transport ??= Transport.make(globalThis.fetch)
  const place = { contract, schemeName: "session", baseUrl: url, scopes: [], transport, policy }
  const { context, grant } = Credentials.resolve(place, { username, password })
  const session = await Effect.runPromise(
    Session.open({ contract, schemeName: "session", grant, context, store, policy })
  )
  const read = async (id) => {
    const credential = session.credentialUnsafe() ?? (await Effect.runPromise(session.credential))
    const headers = { authorization: credential.authorizationUnsafe() }
    const response = await fetch(new Request(`${url}/items/${id}`, { headers }))
    return response.json()
  }
  return { read, close: () => Effect.runPromise(session.signOut()) }
}
