/** The device authorization grant (RFC 8628): a person signs in on another device, while this one asks now and then. */
import type { GrantPlugin } from "@keyturn/auth/Credentials"
import { GrantAnswerInvalid, type GrantContext, type GrantFailure, GrantRejected } from "@keyturn/auth/Grant"
import * as OAuthClient from "@keyturn/auth/OAuthClient"
import type { TokenSet } from "@keyturn/auth/TokenSet"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as oauth from "oauth4webapi"

/** What to show to the person (RFC 8628 §3.3). */
export interface UserCode {
  /** The page to open, short enough to type. */
  readonly verificationUri: string
  /** The code to enter there. */
  readonly userCode: string
  /** The page with the code filled in, for a link or a QR code; the code is shown as well, to be compared. */
  readonly verificationUriComplete: string | undefined
  /** When the code stops working, in milliseconds since the epoch. */
  readonly expiresAt: number
}

/** How a device signs people in. */
export interface DeviceCodeOptions extends OAuthClient.Options {
  /** Shows the person where to go and what to enter. If it throws or rejects, the sign-in ends. */
  readonly onUserCode: (code: UserCode) => unknown
}

const name = "device_code"

/** RFC 8628 §3.5. */
const SLOW_DOWN = 5000
const INTERVAL = 5

const rejected = (message: string, code?: string) => new GrantRejected({ status: 0, code, message })

const expired = rejected(
  "Nobody entered the code while it worked. Start again when somebody is there.",
  "expired_token"
)

const endings: Readonly<Record<string, GrantRejected>> = {
  access_denied: rejected(
    "The person, or a rule of the server, said no. Start again to ask once more.",
    "access_denied"
  ),
  expired_token: expired
}

/** Asks for a code to show. */
const authorize = Effect.fnUntraced(function* (client: OAuthClient.OAuthClient) {
  const { metadata } = yield* client.server
  if (metadata.device_authorization_endpoint === undefined) {
    return yield* rejected(
      "The scheme has no device authorization endpoint: the contract needs a flow deviceAuthorization (OpenAPI 3.2) with a deviceAuthorizationUrl, or a metadata URL of a server that has one."
    )
  }
  const answer = yield* client.call(
    (as, id, authentication, options) =>
      oauth.deviceAuthorizationRequest(
        as,
        id,
        authentication,
        client.scope === undefined ? {} : { scope: client.scope },
        options
      ),
    []
  )
  const device = yield* Effect.tryPromise({
    try: () => oauth.processDeviceAuthorizationResponse(metadata, client.client, Response.json(answer.body)),
    catch: () => "not of the form of RFC 8628 §3.2"
  }).pipe(
    Effect.filterOrFail(
      // It is about to be shown, opened or printed as a code to scan.
      ({ verification_uri, verification_uri_complete = verification_uri }) =>
        [verification_uri, verification_uri_complete].every((uri) => /^https?:\/\//i.test(uri)),
      () => "without a web page to go to"
    ),
    Effect.mapError(
      (why) =>
        new GrantAnswerInvalid({
          status: answer.status,
          message: `The answer of the device authorization endpoint is ${why}. Check the contract's deviceAuthorizationUrl.`
        })
    )
  )
  return { device, expiresAt: answer.sentAt + device.expires_in * 1000 }
})

/** Asks for the tokens until there is an answer that ends it. */
const poll = Effect.fnUntraced(function* (
  client: OAuthClient.OAuthClient,
  device: oauth.DeviceAuthorizationResponse,
  expiresAt: number
): Effect.fn.Return<TokenSet, GrantFailure> {
  const clock = yield* Effect.clockWith(Effect.succeed)
  let interval = (device.interval ?? INTERVAL) * 1000
  let pause = interval
  for (;;) {
    if (clock.currentTimeMillisUnsafe() + pause >= expiresAt) {
      yield* Effect.sleep(Math.max(0, expiresAt - clock.currentTimeMillisUnsafe()))
      return yield* expired
    }
    yield* Effect.sleep(pause)
    const result = yield* Effect.result(
      client.obtain(
        (as, id, authentication, options) =>
          oauth.deviceCodeGrantRequest(as, id, authentication, device.device_code, options),
        [Redacted.make(device.device_code)],
        client.scope
      )
    )
    if (result._tag === "Success") return result.success
    const error = result.failure
    if (error._tag === "GrantAnswerInvalid") return yield* error
    if (error._tag === "GrantUnavailable") {
      // No answer: asking less and less often is what lets a busy server recover.
      pause = Math.max(pause * 2, error.retryAfter ?? 0)
      continue
    }
    if (error.code === "slow_down") interval += SLOW_DOWN
    else if (error.code !== "authorization_pending") return yield* endings[error.code ?? ""] ?? error
    pause = interval
  }
})

/**
 * The device authorization grant, as a grant for `connect`. Connecting waits until the person has finished on the other
 * device, at most as long as the code works; aborting `connect` stops asking.
 *
 * @example
 * ```ts
 * await using api = await connect(contract, {
 *   grant: deviceCode({
 *     clientId: "my-tv",
 *     onUserCode: ({ userCode, verificationUri }) => console.log(`Open ${verificationUri} and enter ${userCode}`)
 *   })
 * })
 * ```
 */
export const deviceCode = ({ onUserCode, ...options }: DeviceCodeOptions): GrantPlugin =>
  Object.assign(
    (context: GrantContext) => {
      const client = OAuthClient.make(context, name, options)
      return client.grant(
        Effect.gen(function* () {
          const { device, expiresAt } = yield* authorize(client)
          yield* Effect.tryPromise({
            try: async () =>
              onUserCode({
                verificationUri: device.verification_uri,
                userCode: device.user_code,
                verificationUriComplete: device.verification_uri_complete,
                expiresAt
              }),
            catch: (cause) =>
              rejected(
                `The code could not be shown: onUserCode failed (${cause instanceof Error ? cause.name : "thrown"}).`
              )
          })
          return yield* poll(client, device, expiresAt)
        })
      )
    },
    { grant: name }
  )
