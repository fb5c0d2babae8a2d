/**
 * DPoP (RFC 9449): tokens that are bound to a key, so that a stolen one is of no use. Each request to the token endpoint
 * or to the API carries a proof: a small signed JWT that names the request and, at the API, the token.
 *
 * A scheme of HTTP authentication `dpop` asks for it by itself; the OAuth grants take it as their option `dpop`.
 */
import type { SecurityScheme } from "@keyturn/contract"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { GrantContext, GrantFailure } from "./Grant.ts"
import { randomId } from "./internal/digest.ts"
import type { RequestSigner } from "./RequestSigner.ts"
import * as ServerClock from "./ServerClock.ts"
import { ConfigurationError } from "./SessionError.ts"
import type { Transport, TransportAnswer } from "./Transport.ts"
import { parse as parseChallenges } from "./WwwAuthenticate.ts"

/** A key that tokens are bound to. */
export interface Dpop {
  /** Names the key. A session bound to one key is never shared with holders of another. */
  readonly id: string
  /** The JWK thumbprint of the public key (RFC 7638): `dpop_jkt` of an authorization request. */
  readonly thumbprint: () => Promise<string>
  /** A new proof for one request (§4.2); with the access token when the request carries one (§7). */
  readonly proof: (method: string, url: string, accessToken?: Redacted.Redacted<string>) => Promise<string>
  /** Learns from an answer, whatever its status, and says whether it brought a nonce (§8). */
  readonly learn: (url: string, headers: Headers) => boolean
}

const base64url = (bytes: Uint8Array): string => {
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
}
const utf8 = (text: string) => new TextEncoder().encode(text)
const json = (value: unknown): string => base64url(utf8(JSON.stringify(value)))
const sha256 = async (text: string): Promise<string> =>
  base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))))

const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const

interface Jwk {
  readonly crv: string
  readonly kty: string
  readonly x: string
  readonly y: string
}

const publicJwk = async (key: CryptoKey): Promise<Jwk> => {
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", key)
  // In the order that a thumbprint hashes them.
  return { crv: crv ?? "", kty: kty ?? "", x: x ?? "", y: y ?? "" }
}

const make = (id: string, keyPair: () => Promise<CryptoKeyPair>): Dpop => {
  let known: Promise<{ readonly privateKey: CryptoKey; readonly jwk: Jwk }> | undefined
  const key = () => {
    known ??= keyPair().then(async ({ privateKey, publicKey }) => ({ privateKey, jwk: await publicJwk(publicKey) }))
    return known
  }
  const nonces = new Map<string, string>()
  const clock = ServerClock.make()
  return {
    id,
    thumbprint: async () => sha256(JSON.stringify((await key()).jwk)),
    proof: async (method, url, accessToken) => {
      const { jwk, privateKey } = await key()
      const { origin, pathname } = new URL(url)
      const nonce = nonces.get(origin)
      const claims = {
        jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
        htm: method,
        htu: `${origin}${pathname}`,
        // §11.1: servers take proofs of a few seconds around their own time.
        iat: Math.floor(clock.now(url) / 1000),
        ...(nonce !== undefined && { nonce }),
        ...(accessToken && { ath: await sha256(Redacted.value(accessToken)) })
      }
      const signed = `${json({ typ: "dpop+jwt", alg: "ES256", jwk })}.${json(claims)}`
      return `${signed}.${base64url(new Uint8Array(await crypto.subtle.sign(ES256, privateKey, utf8(signed))))}`
    },
    learn: (url, headers) => {
      const { origin } = new URL(url)
      clock.learn(url, headers)
      const nonce = headers.get("dpop-nonce")
      if (nonce === null) return false
      nonces.set(origin, nonce)
      return true
    }
  }
}

/** A key for one session, made when it is first needed. It cannot be read out, and ends with the process. */
export const ephemeral = (): Dpop =>
  make(randomId(), () => crypto.subtle.generateKey(ES256, false, ["sign", "verify"]) as Promise<CryptoKeyPair>)

/** A key of its own for each session of a scheme of HTTP authentication `dpop`; other schemes have none. */
export const forScheme = (scheme: SecurityScheme): Dpop | undefined =>
  scheme.type === "http" && scheme.scheme.toLowerCase() === "dpop" ? ephemeral() : undefined

/**
 * A key that the caller keeps, for sessions that outlive the process: an ECDSA pair on P-256. Its private key may be
 * non-extractable, as IndexedDB can keep it.
 *
 * Rejects with `ConfigurationError` for another kind of key.
 */
export const fromKeyPair = async (keyPair: CryptoKeyPair): Promise<Dpop> => {
  const { algorithm, usages } = keyPair.privateKey
  if (algorithm.name !== "ECDSA" || (algorithm as EcKeyAlgorithm).namedCurve !== "P-256" || !usages.includes("sign")) {
    throw new ConfigurationError({
      message: `DPoP needs an ECDSA key pair on P-256 that may sign (ES256); this one is ${algorithm.name}. Make one with crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]).`
    })
  }
  const id = await sha256(JSON.stringify(await publicJwk(keyPair.publicKey)))
  return make(id, () => Promise.resolve(keyPair))
}

/**
 * Sends tokens with proofs to the API (§7). A 401 that asks for a nonce it brings (§9) is worth another proof, also when the
 * answer to another request has brought the same one meanwhile: this one was sent without it.
 */
export const signer = (dpop: Dpop): RequestSigner => ({
  writes: ["authorization", "dpop"],
  sign: async ({ method, url }, { accessToken }) => ({
    authorization: `DPoP ${Redacted.value(accessToken)}`,
    dpop: await dpop.proof(method, url, accessToken)
  }),
  learn: (url, { headers, status }) =>
    dpop.learn(url, headers) &&
    status === 401 &&
    parseChallenges(headers.get("www-authenticate") ?? "").some(
      ({ parameters, scheme }) => scheme === "dpop" && parameters.error === "use_dpop_nonce"
    )
})

/** Puts proofs into the calls of a transport. A call that is refused for want of the server's nonce is made once more. */
const provenTransport =
  (transport: Transport, dpop: Dpop): Transport =>
  (request) => {
    let given = false
    const token = /^DPoP (.+)$/.exec(request.headers.authorization ?? "")?.[1]
    const attempt: Effect.Effect<TransportAnswer, GrantFailure> = Effect.flatMap(
      Effect.promise(() => dpop.proof(request.method, request.url, token === undefined ? token : Redacted.make(token))),
      (proof) =>
        transport({
          ...request,
          headers: { ...request.headers, dpop: proof },
          onHeaders: (headers) => {
            given = dpop.learn(request.url, headers)
          }
        })
    )
    return Effect.catchTag(attempt, "GrantRejected", (error) =>
      error.code === "use_dpop_nonce" && given ? attempt : Effect.fail(error)
    )
  }

/** The context for token calls with proofs: the tokens must then be of type `DPoP`. Without a key it stays as it is. */
export const bind = (context: GrantContext, dpop: Dpop | undefined): GrantContext =>
  dpop === undefined ? context : { ...context, transport: provenTransport(context.transport, dpop), tokenType: "DPoP" }
