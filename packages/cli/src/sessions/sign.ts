/** `keyturn sessions sign-in` and `sign-out`: by the same client that programs use. */
import type { GrantPlugin } from "@keyturn/auth/Credentials"
import type { SessionEvent } from "@keyturn/auth/SessionEvent"
import type { SessionStore } from "@keyturn/auth/SessionStore"
import type { ConnectedClient, ConnectOptions } from "@keyturn/client"
import type { Contract } from "@keyturn/contract"
import { type SessionConfig, UsageError } from "./config.ts"
import type { Kept } from "./kept.ts"

const connected = async (
  { contract, ...options }: SessionConfig,
  more: Pick<ConnectOptions<Contract>, "store" | "signal" | "onEvent">,
  onClose: "keep" | "signOut"
): Promise<ConnectedClient<{}>> => {
  const { connect } = await import("@keyturn/client")
  return connect(contract, { ...options, ...more, policy: { ...options.policy, onClose } })
}

/** The config's entry of that name. */
export const entryOf = (sessions: ReadonlyMap<string, SessionConfig>, name: string): SessionConfig => {
  const found = sessions.get(name)
  if (found !== undefined) return found
  const known = [...sessions.keys()]
  throw new UsageError(
    known.length === 0
      ? "signing in and out needs the contract and its credentials: write a keyturn.sessions.ts (see `keyturn sessions --help`)"
      : `keyturn.sessions.ts has no session ${name}: it has ${known.join(", ")}`
  )
}

/** Signs in, or finds that somebody is signed in, and leaves the session in the store for the programs to come. */
export const signIn = async (entry: SessionConfig, store: SessionStore, signal: AbortSignal): Promise<void> => {
  const client = await connected(entry, { store, signal }, "keep")
  await client[Symbol.asyncDispose]()
}

/** Ending a session must not begin with asking a person to sign in. */
const unattended = (plugin: GrantPlugin): GrantPlugin =>
  Object.assign((...[context]: Parameters<GrantPlugin>) => ({ ...plugin(context), signIn: "never" as const }), {
    ...(plugin.grant === undefined ? {} : { grant: plugin.grant })
  })

/** What became of a sign-out: nobody was signed in, it was left, or it was left and the server did not hear of it. */
export type SignedOut =
  | { readonly _tag: "NotSignedIn" }
  | { readonly _tag: "Left" }
  | { readonly _tag: "Failed"; readonly message: string }

/** Ends the session if nobody else uses it, or for everybody. */
export const signOut = async (
  entry: SessionConfig,
  kept: ReadonlyArray<Kept>,
  store: SessionStore,
  everywhere: boolean,
  signal: AbortSignal
): Promise<SignedOut> => {
  if (kept.every(({ accessToken, refreshToken }) => accessToken === undefined && refreshToken === undefined)) {
    return { _tag: "NotSignedIn" }
  }
  const grant = entry.grant && unattended(entry.grant)
  let message: string | undefined
  const onEvent = (event: SessionEvent) => {
    if (event._tag === "SignOutFailed") message = event.message
  }
  const client = await connected({ ...entry, ...(grant && { grant }) }, { store, signal, onEvent }, "signOut")
  await client.session.signOut({ everywhere })
  return message === undefined ? { _tag: "Left" } : { _tag: "Failed", message }
}
