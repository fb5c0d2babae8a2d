import type { Call } from "../AuthFetch.ts"
import type { Credential } from "../Credential.ts"
import { BodyNotReplayable } from "../SessionError.ts"
import { parse } from "../WwwAuthenticate.ts"
import { again, drain, isRepeatable } from "./resend.ts"

/** Whether a refusal asks for the nonce that came with it, and for nothing else (RFC 9449 §9). */
const wantsNonce = (response: Response): boolean =>
  response.status === 401 &&
  parse(response.headers.get("www-authenticate") ?? "").some(
    ({ parameters, scheme }) => scheme === "dpop" && parameters.error === "use_dpop_nonce"
  )

/**
 * Sends a request with proof that this process has the key that its token is bound to. A server that wants its nonce in
 * the proof gets it at once; no renewal would help there.
 */
export const sendProven = async (
  call: Call,
  request: Request,
  spare: Request | undefined,
  { learn, proof }: Credential,
  transmit: (request: Request) => Promise<Response>
): Promise<Response> => {
  if (proof === undefined) return transmit(request)
  request.headers.set("dpop", await proof(request.method, request.url))
  const response = await transmit(request)
  const fresh = learn?.(request.url, response.headers)
  if (fresh !== true || !wantsNonce(response)) return response
  if (!isRepeatable(call)) {
    throw new BodyNotReplayable({
      message:
        "The server asked for its nonce (DPoP) after it had taken a streamed body, which cannot be sent again. The nonce is known now: make the request once more with a new stream, or give the body as text, bytes or a Blob."
    })
  }
  drain(response)
  const { method, url } = request
  const once = again(call, spare, url, method, method === call.request.method)
  for (const [name, value] of request.headers) if (name !== "content-type") once.headers.set(name, value)
  once.headers.set("dpop", await proof(method, url))
  const second = await transmit(once)
  learn?.(url, second.headers)
  return second
}
