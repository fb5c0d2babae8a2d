import { assert, describe, it } from "@effect/vitest"
import { authorizationCode } from "../src/index.ts"
import { browser, signIn } from "./support/person.ts"
import { listen, type Referee, secrets } from "./support/referee.ts"
import { codeScheme, commandLine, connect, discovered, observed, refusal, scope } from "./support/setting.ts"

const web = () =>
  authorizationCode({
    clientId: "web",
    clientSecret: secrets.web,
    redirect: "https://app.example/callback",
    scope,
    parameters: { prompt: "consent" }
  })

/** A person follows the URL; where they come back to is the application's callback. */
const visit = async (url: string): Promise<URL> => {
  let callback = ""
  await signIn(
    browser((outside) => {
      callback = outside
    }),
    url
  )
  return new URL(callback)
}

const tokenCalls = ({ calls }: Referee) => calls.filter(({ path }) => path === "/token")

describe("what the standards ask of a client that signs people in", () => {
  it("P3: the verifier goes to the token endpoint and nowhere else, and only with its own state", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web()
    const mine = await grant.begin(contract)
    const theirs = await grant.begin(contract)
    assert.notStrictEqual(mine.pending.codeVerifier, theirs.pending.codeVerifier)
    assert.notInclude(mine.url, mine.pending.codeVerifier)
    const callback = await visit(mine.url)
    assert.notInclude(callback.href, mine.pending.codeVerifier)
    await refusal(connect(contract, { ...observed().options, grant: grant.complete(callback, theirs.pending) }))
    assert.lengthOf(tokenCalls(server), 0)
    await using api = await connect(contract, {
      ...observed().options,
      grant: grant.complete(callback, mine.pending)
    })
    await api.session.fetch(`${server.url}/api/me`)
    const told = server.calls.filter((call) =>
      [call.path, JSON.stringify(call.headers), call.form.toString()].join(" ").includes(mine.pending.codeVerifier)
    )
    assert.deepStrictEqual(
      told.map(({ form, path, status }) => [path, form.get("code_verifier"), status]),
      [["/token", mine.pending.codeVerifier, 200]]
    )
  })

  it("S2 of RFC 9700: a code that another browser's sign-in got is of no use in this one, though the state be the same", async () => {
    await using server = await listen()
    const contract = server.contract({ oauth: codeScheme(server) })
    const grant = web()
    const victim = await grant.begin(contract)
    const attacker = await grant.begin(contract)
    const stolen = (await visit(victim.url)).searchParams.get("code") ?? ""
    const callback = new URL("https://app.example/callback")
    callback.search = String(new URLSearchParams({ code: stolen, state: attacker.pending.state }))
    const error = await refusal(
      connect(contract, { ...observed().options, grant: grant.complete(callback, attacker.pending) })
    )
    assert.deepStrictEqual([error._tag, error.code], ["SignInRejected", "invalid_grant"])
    assert.deepStrictEqual(
      tokenCalls(server).map(({ status }) => status),
      [400]
    )
  })

  it("S3 of RFC 9700: a code of one server is never sent to another that mixed the two up", async () => {
    await using honest = await listen()
    await using attacker = await listen()
    const contractOf = (server: Referee) => server.contract({ oauth: discovered(server) })
    const grant = web()
    const begun = await grant.begin(contractOf(attacker))
    // The attacker sends the person on to the honest server, with the state of its own request.
    const request = new URL((await grant.begin(contractOf(honest))).url)
    request.searchParams.set("state", begun.pending.state)
    const callback = await visit(request.href)
    assert.strictEqual(callback.searchParams.get("iss"), honest.url)
    const error = await refusal(
      connect(contractOf(attacker), { ...observed().options, grant: grant.complete(callback, begun.pending) })
    )
    assert.strictEqual(error._tag, "SignInRejected")
    assert.include(error.message, "iss")
    assert.lengthOf(tokenCalls(attacker), 0)
    assert.lengthOf(tokenCalls(honest), 0)
  })

  it("S6 of RFC 9700: the listener for the person's return sends a browser nowhere, and shows nothing that it was sent", async () => {
    await using server = await listen()
    const answers: Array<Response> = []
    const texts: Array<string> = []
    let last: Promise<void> | undefined
    const ask = async (url: URL) => {
      const response = await fetch(url, { redirect: "manual" })
      answers.push(response)
      texts.push(await response.text())
    }
    const { grant } = commandLine({
      open: async (start: string) => {
        const asked = new URL(start).searchParams
        const away = "https://attacker.example/"
        const planted = `<script>${away}</script>`
        const url = (path: string, more: Record<string, string>) => {
          const made = new URL(path, asked.get("redirect_uri") ?? "")
          for (const [name, value] of Object.entries(more)) made.searchParams.set(name, value)
          return made
        }
        for (const name of ["redirect_uri", "next", "return_to", "url", "iss"]) {
          await ask(url("", { [name]: away, state: "guessed" }))
          await ask(url(`/${encodeURIComponent(away)}`, { [name]: away }))
        }
        last = ask(
          url("", {
            error: "access_denied",
            error_description: planted,
            error_uri: away,
            state: asked.get("state") ?? ""
          })
        )
      }
    })
    const error = await refusal(
      connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    )
    assert.strictEqual(error.code, "access_denied")
    await last
    assert.lengthOf(answers, 11)
    for (const { headers, status } of answers) {
      assert.isNull(headers.get("location"))
      assert.isNull(headers.get("refresh"))
      assert.include([400, 404], status)
    }
    for (const text of texts) assert.notMatch(text, /<script|http-equiv="refresh"|href="https:\/\/attacker/i)
  })
})
