/** Signs requests with Python's oauthlib: an implementation of RFC 5849 that shares nothing with ours. */
import { execFileSync, spawnSync } from "node:child_process"

const script = `
import json, sys
from oauthlib.oauth1 import Client
given = json.load(sys.stdin)
client = Client(given["key"], client_secret=given["secret"], resource_owner_key=given.get("token"),
    resource_owner_secret=given.get("tokenSecret"), callback_uri=given.get("callback"), verifier=given.get("verifier"),
    signature_method=given.get("method", "HMAC-SHA1"), signature_type=given.get("type", "AUTH_HEADER"))
uri, headers, body = client.sign(given["uri"], http_method=given["http"], body=given.get("body"), headers=given.get("headers"))
json.dump({"uri": uri, "headers": dict(headers), "body": body}, sys.stdout)
`

/** The system's Python comes first: others that are installed beside it do not see Debian's packages. */
const python = ["/usr/bin/python3", "python3"].find(
  (command) => spawnSync(command, ["-c", "import oauthlib.oauth1"]).status === 0
)

/** Whether it is here. Where it is not, that is said once, and is a failure where it must be. */
export const hasOauthlib = (): boolean => {
  if (python !== undefined) return true
  if (process.env.CI === "true") throw new Error("There is no python3-oauthlib, and CI must test with one.")
  console.warn("\n*** SKIPPED: OAuth 1.0a is not tested; python3-oauthlib, which signs for it, is not installed. ***\n")
  return false
}

export interface ToSign {
  readonly key: string
  readonly secret: string
  readonly token?: string
  readonly tokenSecret?: string
  readonly callback?: string
  readonly verifier?: string
  readonly method?: "HMAC-SHA1" | "HMAC-SHA256"
  readonly type?: "AUTH_HEADER" | "QUERY" | "BODY"
  readonly uri: string
  readonly http: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The signed request, ready to send. */
export const sign = (given: ToSign): { uri: string; headers: Record<string, string>; body: string | null } =>
  JSON.parse(execFileSync(python as string, ["-c", script], { input: JSON.stringify(given), encoding: "utf8" }))
