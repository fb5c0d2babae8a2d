/** What follows a 401: a renewal of what was refused, and the same request once more. */
import type { Call } from "../AuthFetch.ts"
import type { Credential } from "../Credential.ts"
import { BodyNotReplayable } from "../SessionError.ts"
import { asksForNewToken } from "../WwwAuthenticate.ts"
import { again, drain } from "./resend.ts"
import { attach, type Sender } from "./sender.ts"

/** A request is sent again after a renewal; further times only when others renewed again meanwhile. */
const REPLAYS = 4
/** For so long an operation that refused a fresh token is not tried with further ones. */
const REFUSED_FOR = 60_000

const generationsOf = (credentials: ReadonlyArray<Credential>): string =>
  credentials.map(({ generation }) => generation).join()

/** The operation refused a token that nobody has renewed since: another renewal would not change its mind. */
const remember = (call: Call, credentials: ReadonlyArray<Credential>) => {
  call.memory.refused ??= new Map()
  const { refused } = call.memory
  if (refused.size > 1000) refused.clear()
  refused.set(call.operation, { generations: generationsOf(credentials), until: Date.now() + REFUSED_FOR })
  for (const session of call.sessions) session.excuse()
}

/** Whether the operation is known to refuse tokens that work elsewhere. */
const isSuspect = (sender: Sender, call: Call, credentials: ReadonlyArray<Credential>): boolean => {
  const known = call.memory.refused?.get(call.operation)
  if (known === undefined || Date.now() >= known.until) return false
  const fresh = call.sessions.every((session, i) => sender.isAccepted(session, credentials[i]))
  return fresh || known.generations === generationsOf(credentials)
}

const isOutdated = async (sender: Sender, call: Call, credentials: ReadonlyArray<Credential>): Promise<boolean> => {
  for (const [i, session] of call.sessions.entries()) {
    if (await sender.run(session.isOutdated(credentials[i] as Credential), call.request.signal)) return true
  }
  return false
}

/** A machine that stalls may send a token when its time is over: that is no word on the operation, but for once only. */
const isOver = (call: Call, credentials: ReadonlyArray<Credential>, renewals: number): boolean =>
  renewals === 1 &&
  call.sessions.some((session, i) => {
    const { expiresAt, generation } = session.state()
    return generation === credentials[i]?.generation && expiresAt !== undefined && Date.now() >= expiresAt
  })

const renew = async (sender: Sender, call: Call, refused: ReadonlyArray<Credential>) => {
  const renewed: Array<Credential> = []
  for (const [i, session] of call.sessions.entries()) {
    const credential = refused[i] as Credential
    renewed.push(session.renewable ? await sender.wait(session.renewAsync(credential, call.signal)) : credential)
  }
  return renewed
}

/** Renews and sends again, as often as that makes sense. */
export const replay = async (
  sender: Sender,
  call: Call,
  first: Response,
  spare: Request | undefined,
  used: ReadonlyArray<Credential>
): Promise<Response> => {
  const { sessions } = call
  let response = first
  let credentials = used
  let renewals = 0
  for (let replays = 0; replays < REPLAYS; replays++) {
    if (response.status !== 401 || sender.isForeign(response)) return response
    if (!asksForNewToken(response.headers.get("www-authenticate"))) return response
    if (!sessions.some((session) => session.renewable)) return response
    const suspect = isSuspect(sender, call, credentials)
    // One renewal per request, and none for an operation that refuses fresh tokens; after that, only what others have
    // renewed, or are renewing, is worth another try: they rotate tokens that are on their way.
    if (
      (suspect || (renewals > 0 && !isOver(call, credentials, renewals))) &&
      !(await isOutdated(sender, call, credentials))
    ) {
      if (!suspect) remember(call, credentials)
      return response
    }
    // Before the renewal, which may need the connection that this answer holds.
    drain(response)
    const superseded = sessions.some((session, i) => session.state().generation !== credentials[i]?.generation)
    const renewed = await renew(sender, call, credentials)
    if (call.body._tag === "stream") {
      throw new BodyNotReplayable({
        message:
          "The server asked for a new token after it had taken a streamed body, which cannot be sent again. The session is renewed: make the request once more with a new stream, or give the body as text, bytes or a Blob."
      })
    }
    // What somebody else had obtained before may be as dead as what it replaced: it is not this request's renewal.
    if (!superseded && sessions.every((session, i) => session.obtained() === renewed[i]?.generation)) renewals++
    credentials = renewed
    const request = await attach(again(call, spare), credentials)
    for (const [i, session] of sessions.entries()) session.replayed(credentials[i] as Credential)
    const answer = await sender.dispatch(call, request, spare, credentials)
    response = await sender.followed(call, request, answer, spare, credentials)
  }
  if (response.status !== 401) {
    call.memory.refused?.delete(call.operation)
    sender.acceptAll(call, credentials)
  }
  return response
}
