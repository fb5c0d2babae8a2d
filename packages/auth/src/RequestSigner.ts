/**
 * Signing requests: for tokens that are of no use by themselves, because each request must show that its sender holds a
 * key or a secret as well. DPoP (RFC 9449) and OAuth 1.0a (RFC 5849) are such; a grant brings one as its `signer`.
 */
import type { TokenSet } from "./TokenSet.ts"

/** One sending of a request, as far as a signature may cover it. */
export interface UnsignedRequest {
  readonly method: string
  /** As it will be sent, with every other credential in its place. */
  readonly url: string
  /** Reads the body of a form (`application/x-www-form-urlencoded`) as it will be sent; empty for any other request. */
  readonly form: () => Promise<string>
}

/** Signs every request of a session, each sending anew: replays, retries and redirects too. */
export interface RequestSigner {
  /** The header fields that it writes, in lower case. A request that has one of them already is the caller's own. */
  readonly writes: ReadonlyArray<string>
  /** The values of these fields for one sending. They stand in place of the scheme's own placement of the token. */
  readonly sign: (request: UnsignedRequest, tokens: TokenSet) => Promise<Readonly<Record<string, string>>>
  /**
   * Learns from an answer, and says whether it refused the signature for what was not known before (a nonce, the time): the
   * same request signed anew, which is then sent once more without a renewal, may pass.
   */
  readonly learn: (url: string, answer: Pick<Response, "status" | "headers">) => boolean
}
