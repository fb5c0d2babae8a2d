/** Every operation of every document, asked wrongly: what answers is one of the errors that the document declares. */
import { assert, describe, it } from "@effect/vitest"
import { allura, bench, bits, pink } from "@keyturn/simulators"
import { type Judge, judgeBy } from "./support/document.ts"
import { asking, form } from "./support/readings.ts"

interface Subject {
  readonly server: { readonly url: string; readonly fetch: typeof fetch } & AsyncDisposable
  readonly judge: Judge
  /** A token that may do everything. */
  readonly token: string
  /** A token that may only read, or less. */
  readonly weak: string
  /** Operations that need no credential. */
  readonly open: RegExp
  /** What stands in a path for its parameters, if not an id that is not there. */
  readonly parameter: (name: string, template: string) => string | undefined
}

const signIn = async (server: Subject["server"], login: string, password: string): Promise<string> =>
  (await asking(server)("POST", "/auth/signin", form({ username: login, password }))).json.access_token

const bitsToken = async (
  server: Subject["server"],
  clientId: string,
  secret: string,
  scope: string
): Promise<string> => {
  const authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`
  const fields = form({ grant_type: "client_credentials", scope })
  return (await asking(server)("POST", "/v1/oauth2/token", fields, { authorization })).json.access_token
}

const judges = { bench: judgeBy("bench"), bits: judgeBy("bits"), allura: judgeBy("allura"), pink: judgeBy("pink") }

const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  bench: async () => {
    const server = bench.create()
    const { reader, service } = server.credentials
    return {
      server,
      judge: judges.bench,
      token: await signIn(server, service.login, service.password),
      weak: await signIn(server, reader.login, reader.password),
      open: /^POST \/auth\/(signin|token)$/,
      parameter: (name) => (name === "accountId" ? "1" : undefined)
    }
  },
  bits: async () => {
    const server = bits.create()
    const { clientId, clientSecret } = server.credentials.client
    return {
      server,
      judge: judges.bits,
      token: await bitsToken(server, clientId, clientSecret, "application"),
      weak: await bitsToken(server, clientId, clientSecret, "application.read"),
      open: /^POST \/v1\/oauth2\/token$/,
      parameter: () => undefined
    }
  },
  allura: async () => {
    const server = allura.create()
    const { bearer, guestBearer } = server.credentials
    return {
      server,
      judge: judges.allura,
      token: bearer,
      weak: guestBearer,
      // What is public; and the pages and tokens of the dances.
      open: /oauth|^GET \/rest\/\{neighborhood\}\/\{project\}(\/\{tool\}(\/search|\/\{artifact\})?)?$/,
      parameter: (name, template) =>
        new Map([
          ["neighborhood", "p"],
          ["project", "scaffold"],
          ["tool", template.includes("/webhooks") ? "code" : template.endsWith("{artifact}") ? "wiki" : "tickets"],
          ["artifact", template.endsWith("/save") ? "1" : "Nowhere"]
        ]).get(name)
    }
  },
  pink: async () => {
    const server = pink.create()
    return {
      server,
      judge: judges.pink,
      token: server.credentials.personalAccessToken,
      weak: "pink-pat.unknown",
      open: /\/oauth\//,
      parameter: () => undefined
    }
  }
}

describe.each(Object.entries(subjects))("every operation of %s answers as its document says", (_name, start) => {
  /** Asks every operation in one wrong way; each answer is judged. */
  const sweep = async (
    { judge, parameter, server }: Subject,
    token: string | undefined,
    body: string | undefined,
    /** What all parameters of a path are, instead of some that name something. */
    everywhere?: string
  ): Promise<ReadonlyMap<string, number>> => {
    const statuses = new Map<string, number>()
    // A sign-out ends the session that the others need.
    for (const operation of [...judge.all].sort((a, b) => Number(/signout/.test(a)) - Number(/signout/.test(b)))) {
      const [method, template] = operation.split(" ") as [string, string]
      const path = template.replace(/\{(\w+)\}/g, (_, one) => everywhere ?? parameter(one, template) ?? "987654321")
      const answer = await server.fetch(server.url + path, {
        method,
        redirect: "manual",
        headers: {
          accept: "application/json",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && method !== "GET" && { "content-type": "application/json" })
        },
        ...(body !== undefined && method !== "GET" && { body })
      })
      await judge.check(method, server.url + path, answer)
      statuses.set(operation, answer.status)
    }
    return statuses
  }

  it("without a credential: 401, unless it needs none", async () => {
    const subject = await start()
    await using _ = subject.server
    for (const [operation, status] of await sweep(subject, undefined, "{}"))
      if (!subject.open.test(operation)) assert.strictEqual(status, 401, operation)
  })

  it.each([undefined, "{}", '"text"', '[{"id":987654321}]'])(
    "about what is not there, with a body that is not its own: %s",
    async (body) => {
      const subject = await start()
      await using _ = subject.server
      const statuses = [...(await sweep(subject, subject.token, body)).values()]
      assert.isTrue(statuses.some((status) => status >= 400 && status !== 401))
    }
  )

  it.each([
    ["token", "x"],
    ["token", "987654321"],
    ["weak", undefined]
  ] as const)("in a path that names nothing, and to who may do less (%s, %s)", async (which, everywhere) => {
    const subject = await start()
    await using _ = subject.server
    await sweep(subject, subject[which], "{}", everywhere)
  })
})
