import type { Call } from "../AuthFetch.ts"
import type { Credential } from "../Credential.ts"
import { BodyNotReplayable } from "../SessionError.ts"
import { again, drain, isRepeatable } from "./resend.ts"

const isForm = (headers: Headers): boolean =>
  /^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(headers.get("content-type") ?? "")

/**
 * Sends a signed request. A server that refuses it for want of its nonce or its time gets it signed anew at once; no
 * renewal would help there.
 */
export const sendSigned = async (
  call: Call,
  request: Request,
  spare: Request | undefined,
  { learn, sign }: Credential,
  transmit: (request: Request) => Promise<Response>
): Promise<Response> => {
  const send = async (request: Request): Promise<Response> => {
    const form = async () => (request.body !== null && isForm(request.headers) ? request.clone().text() : "")
    const written = await sign?.({ method: request.method, url: request.url, form })
    for (const [name, value] of Object.entries(written ?? {})) request.headers.set(name, value)
    return transmit(request)
  }
  const response = await send(request)
  if (learn?.(request.url, response) !== true) return response
  if (!isRepeatable(call)) {
    throw new BodyNotReplayable({
      message:
        "The server wants the request signed anew, with its nonce or its time, after it had taken a streamed body, which cannot be sent again. That is known now: make the request once more with a new stream, or give the body as text, bytes or a Blob."
    })
  }
  drain(response)
  const { method, url } = request
  const once = again(call, spare, url, method, method === call.request.method)
  for (const [name, value] of request.headers) if (name !== "content-type") once.headers.set(name, value)
  const second = await send(once)
  learn(url, second)
  return second
}
