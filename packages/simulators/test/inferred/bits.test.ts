import { createHmac } from "node:crypto"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { type BitsSimulator, bits } from "@keyturn/simulators"
import { inferred } from "../../src/bits/inferred.ts"
import { asking, everyReading, form } from "../support/readings.ts"

const application = {
  workflowId: "bits:workflow::8abe317f-6d54-4949-8ecd-245efb4fa05d",
  redirectUrl: "https://example.com/done"
}
const create = { ...application, countryCode: "SE", market: "SE" }

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`
})
const encode = (text: string) => form({ x: text }).toString().slice(2)

/** Asks for a token, with the parts of Basic as the simulator wants them. */
const token = async (server: BitsSimulator, fields: Record<string, string> = {}) => {
  const { clientId, clientSecret } = server.credentials.client
  const ask = (id: string, secret: string) =>
    asking(server)("POST", "/v1/oauth2/token", form({ grant_type: "client_credentials", ...fields }), basic(id, secret))
  const plain = await ask(clientId, clientSecret)
  return plain.status < 300 ? plain : ask(encode(clientId), encode(clientSecret))
}

const enter = async (server: BitsSimulator) => asking(server, (await token(server)).json.access_token)
const refused = (server: BitsSimulator) =>
  asking(server)("POST", "/v1/oauth2/token", form({ grant_type: "client_credentials" }), basic("no", "no"))

interface Heard {
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

/** What a webhook is told that answers every post with this status. */
const heardBy = async (switches: object, status: number): Promise<ReadonlyArray<Heard>> => {
  const heard: Array<Heard> = []
  const receiver = createServer(async (request, response) => {
    let body = ""
    for await (const piece of request) body += piece
    heard.push({ body, headers: request.headers })
    response.writeHead(status).end()
  }).listen(0, "127.0.0.1")
  await new Promise((resolve) => receiver.once("listening", resolve))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  await using server = bits.create({ webhook: { url, secret: "shared" }, switches })
  await server.decide(server.applications()[0]?.id as string, "APPROVED")
  receiver.close()
  return heard
}

/** A simulator that can be asked how it was switched: its webhook goes to a receiver of the probe's. */
const started = (switches: object) => Object.assign(bits.create({ switches }), { switches })

everyReading("Bits", inferred, started, {
  tokenTypeField: async (server) => {
    const { token_type, type } = (await token(server)).json
    return type === undefined ? "token_type" : token_type === undefined ? "type" : "both"
  },
  basicEncoding: async (server) => {
    const { clientId, clientSecret } = server.credentials.client
    const fields = form({ grant_type: "client_credentials" })
    const plain = await asking(server)("POST", "/v1/oauth2/token", fields, basic(clientId, clientSecret))
    return plain.status === 200 ? "plain" : (await token(server)).status === 200 ? "form" : undefined
  },
  tokenStatus: async (server) => (await token(server)).status,
  clientFailureStatus: async (server) => (await refused(server)).status,
  encodingFailureStatus: async (server) => (await asking(server)("POST", "/v1/oauth2/token", {})).status,
  authErrorBody: async (server) => ("message" in (await refused(server)).json ? "message" : "oauth"),
  apiErrorBody: async (server) => {
    const { json } = await asking(server)("GET", "/oauth2/userinfo")
    return "message" in json ? "message" : json.error === "invalid_token" ? "oauth" : undefined
  },
  scopeByRequest: async (server) => (await token(server, { scope: "application.read" })).json.scope !== "application",
  oneTokenPerClient: async (server) => {
    const first = await enter(server)
    await token(server)
    return (await first("GET", "/oauth2/userinfo")).status === 401
  },
  userinfoForSessions: async (server) => {
    const { sessionToken } = (await (await enter(server))("POST", "/v1/applications.create", create)).json
    return (await asking(server, sessionToken)("GET", "/oauth2/userinfo")).status === 200
  },
  userinfoUnderV1: async (server) => (await (await enter(server))("GET", "/v1/oauth2/userinfo")).status === 200,
  unversionedPaths: async (server) => {
    const call = await enter(server)
    const { id } = (await call("POST", "/v1/applications.create", create)).json
    const read = await call("POST", "/applications.bankAccounts.list", { applicationId: id })
    const made = await call("POST", "/applications.create", create)
    return read.status === made.status ? made.status === 200 : undefined
  },
  countryField: async (server) => {
    const call = await enter(server)
    const names: Array<string> = []
    for (const name of inferred.countryField) {
      const { status } = await call("POST", "/v1/applications.create", { ...application, [name]: "SE" })
      if (status === 200) names.push(name)
    }
    return names.join()
  },
  missingApplicationStatus: async (server) => {
    const applicationId = "bits:application::4d72cbf4-070c-4b64-b8a6-86baaee34100"
    return (await (await enter(server))("POST", "/v1/applications.get", { applicationId })).status
  },
  finishedStatus: async (server) => {
    const call = await enter(server)
    const { id, sessionToken } = (await call("POST", "/v1/applications.create", create)).json
    await asking(server)("GET", `/?${form({ token: sessionToken })}`)
    await asking(server)("POST", "/", form({ token: sessionToken }))
    return (await call("POST", "/v1/applications.get", { applicationId: id })).json.status
  },
  redirectParameter: async (server) => {
    const { id, sessionToken } = (await (await enter(server))("POST", "/v1/applications.create", create)).json
    const { headers } = await asking(server)("POST", "/", form({ token: sessionToken }))
    const given = [...new URL(headers.get("location") ?? "").searchParams]
    return given.find(([, value]) => value === id)?.[0]
  },
  mediaTypeVersions: async (server) => {
    const accept = { accept: "application/vnd.bits.v2.0+json" }
    return (await (await enter(server))("GET", "/oauth2/userinfo", undefined, accept)).status === 415
  },
  wwwAuthenticate: async (server) => (await asking(server)("GET", "/oauth2/userinfo")).headers.has("www-authenticate"),
  webhookHash: async ({ switches }) => {
    const [post] = (await heardBy(switches, 200)) as [Heard]
    return inferred.webhookHash.find(
      (hash) => createHmac(hash, "shared").update(post.body).digest("base64") === post.headers["content-hmac"]
    )
  },
  webhookRetries: async ({ switches }) => {
    const tries = (await heardBy(switches, 500)).length - 1
    return (await heardBy(switches, 204)).length === 1 ? tries : undefined
  }
})
