/** What a test reads of a JWT, by means that are not the library's. */
import { createHash } from "node:crypto"

/** The header of a JWS. */
export const decodeProtectedHeader = (jws: string) =>
  JSON.parse(Buffer.from(jws.split(".")[0] ?? "", "base64url").toString()) as {
    readonly typ: string
    readonly alg: string
    readonly jwk: Readonly<Record<string, string>>
  }

/** RFC 7638, for an EC key. */
export const calculateJwkThumbprint = async ({ crv, kty, x, y }: Readonly<Record<string, string>>): Promise<string> =>
  createHash("sha256").update(`{"crv":"${crv}","kty":"${kty}","x":"${x}","y":"${y}"}`).digest("base64url")
