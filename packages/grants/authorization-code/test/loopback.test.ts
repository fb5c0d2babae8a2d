import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it, vi } from "@effect/vitest"
import * as oauth from "oauth4webapi"
import { loopback } from "../src/loopback.ts"
import { browser, signIn } from "./support/person.ts"
import { listen } from "./support/referee.ts"
import { codeScheme, commandLine, connect, observed, refusal } from "./support/setting.ts"

const isOpen = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, host)
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false))
    socket.on("connect", () => socket.destroy())
  })

const redirectOf = (url: string): URL => new URL(new URL(url).searchParams.get("redirect_uri") ?? "")

describe("authorization code over a loopback redirect", () => {
  it("N1, N4: a person signs in with a browser, and the same redirect URI is sent at the exchange", async () => {
    await using server = await listen()
    const { options, tags } = observed()
    const { grant, opened, pages } = commandLine()
    {
      await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...options, grant })
      const response = await api.session.fetch(`${server.url}/api/me`)
      assert.deepStrictEqual(await response.json(), { client: "cli", account: "alice" })
      assert.deepStrictEqual(api.session.state?.scope, ["openid", "offline_access", "read"])
    }
    assert.deepStrictEqual(tags(), ["SignedIn", "Closed"])
    assert.strictEqual(opened.length, 1)
    const [exchange] = server.tokenCalls("authorization_code")
    assert.strictEqual(exchange?.form.get("redirect_uri"), redirectOf(opened[0] as string).href)
    const page = await (pages[0] as Promise<string>)
    assert.include(page, "You are signed in")
    for (const name of ["code", "code_verifier"]) assert.notInclude(page, exchange?.form.get(name) as string)
    assert.notInclude(page, new URL(opened[0] as string).searchParams.get("state") as string)
  })

  it("whoever opens the page may stay until the person is through", async () => {
    await using server = await listen()
    let page = ""
    const { grant } = commandLine({
      open: async (url) => {
        page = (await signIn(browser(), url)).html
      }
    })
    await using _api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    await vi.waitFor(() => assert.include(page, "You are signed in"))
  })

  it("N2: the listener is on the loopback address only, on a free port, and gone after the sign-in", async () => {
    await using server = await listen()
    const outside = Object.values(os.networkInterfaces())
      .flat()
      .find((address) => address?.family === "IPv4" && !address.internal)?.address
    let during = false
    let elsewhere = false
    let port = 0
    const { grant } = commandLine({
      open: async (url) => {
        port = Number(redirectOf(url).port)
        during = await isOpen(port, "127.0.0.1")
        elsewhere = outside !== undefined && (await isOpen(port, outside))
        void signIn(browser(), url)
      }
    })
    await using _api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    assert.isTrue(during)
    assert.isFalse(elsewhere)
    assert.isFalse(await isOpen(port, "127.0.0.1"))
  })

  it("P1, P2, N3: each request has a fresh verifier of full strength, challenged by S256", async () => {
    await using server = await listen()
    const seen = new Set<string>()
    for (let time = 0; time < 2; time++) {
      const { grant, opened } = commandLine()
      await using _api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
      const asked = new URL(opened[0] as string).searchParams
      const verifier = server.tokenCalls("authorization_code").at(-1)?.form.get("code_verifier") as string
      assert.match(verifier, /^[A-Za-z0-9\-._~]{43,128}$/)
      assert.strictEqual(asked.get("code_challenge_method"), "S256")
      assert.strictEqual(asked.get("code_challenge"), await oauth.calculatePKCECodeChallenge(verifier))
      seen.add(verifier).add(asked.get("state") as string)
    }
    assert.strictEqual(seen.size, 4)
  })

  it("C1, C12: the exchange is a form post, and a public client says who it is without a secret", async () => {
    await using server = await listen()
    const { grant } = commandLine()
    await using _api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    const [exchange] = server.tokenCalls("authorization_code")
    assert.match(exchange?.headers["content-type"] ?? "", /^application\/x-www-form-urlencoded/)
    assert.isUndefined(exchange?.headers.authorization)
    assert.strictEqual(exchange?.form.get("client_id"), "cli")
    assert.deepStrictEqual(
      [...(exchange?.form.values() ?? [])].filter((value) => value === ""),
      []
    )
    assert.strictEqual(new Set(exchange?.form.keys()).size, [...(exchange?.form.keys() ?? [])].length)
  })

  it("C9: callers with another state, another path or another method change nothing", async () => {
    await using server = await listen()
    const answers: Array<number> = []
    const { grant } = commandLine({
      open: async (url) => {
        const uri = redirectOf(url)
        answers.push((await fetch(`${uri.href}?code=stolen&state=guessed`)).status)
        answers.push((await fetch(`${uri.href}?error=access_denied`)).status)
        answers.push((await fetch(new URL("/favicon.ico", uri))).status)
        const { searchParams } = new URL(url)
        const right = `${uri.href}?code=x&state=${searchParams.get("state")}`
        answers.push((await fetch(right, { method: "POST" })).status)
        void signIn(browser(), url)
      }
    })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    assert.deepStrictEqual(answers, [400, 400, 404, 405])
    assert.strictEqual(api.session.state?.status, "active")
    assert.strictEqual(server.tokenCalls("authorization_code").length, 1)
  })

  it("C9: a person who says no is told so, as is the program, and nothing is exchanged", async () => {
    await using server = await listen()
    const { grant, pages } = commandLine({ choice: "decline" })
    const error = await refusal(
      connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    )
    assert.strictEqual(error._tag, "SignInRejected")
    assert.strictEqual(error.code, "access_denied")
    assert.include(error.message, "End-User aborted interaction")
    assert.include(await (pages[0] as Promise<string>), "You are not signed in")
    assert.strictEqual(server.calls.filter(({ path }) => path === "/token").length, 0)
  })

  it("a person who never comes back ends the wait, not the program", async () => {
    await using server = await listen()
    let port = 0
    const { grant } = commandLine({
      timeout: "50 millis",
      open: (url) => {
        port = Number(redirectOf(url).port)
      }
    })
    const error = await refusal(
      connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    )
    assert.strictEqual(error._tag, "SignInRejected")
    assert.include(error.message, "Nobody came back")
    assert.isFalse(await isOpen(port, "127.0.0.1"))
  })

  it("aborting connect while the person is away closes the listener at once", async () => {
    await using server = await listen()
    const controller = new AbortController()
    let port = 0
    const { grant } = commandLine({
      open: (url) => {
        port = Number(redirectOf(url).port)
        controller.abort(new Error("changed my mind"))
      }
    })
    const started = Date.now()
    const error = await refusal(
      connect(server.contract({ oauth: codeScheme(server) }), {
        ...observed().options,
        grant,
        signal: controller.signal
      })
    )
    assert.strictEqual(error.message, "changed my mind")
    assert.isBelow(Date.now() - started, 2000)
    assert.isFalse(await isOpen(port, "127.0.0.1"))
  })

  it.each([
    [
      "an unavailable server",
      (response: { writeHead: (status: number) => { end: () => void } }) => response.writeHead(503).end()
    ],
    ["an answer that never comes", (response: { destroy: () => void }) => response.destroy()]
  ] as const)("a code is exchanged once, whatever happens to it: %s", async (_, fail) => {
    await using server = await listen()
    server.fault = (request, response) => {
      if (request.url !== "/token") return false
      fail(response as never)
      return true
    }
    const { grant, opened } = commandLine()
    const error = await refusal(
      connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    )
    assert.strictEqual(error._tag, "AuthUnavailable")
    assert.strictEqual(server.calls.filter(({ path }) => path === "/token").length, 1)
    assert.strictEqual(opened.length, 1)
  })

  it("a second program adopts the session that the store holds, and no browser opens", async () => {
    await using server = await listen()
    const { options, tags } = observed()
    const first = commandLine()
    const second = commandLine()
    const contract = server.contract({ oauth: codeScheme(server) })
    await using _one = await connect(contract, { ...options, grant: first.grant })
    await using two = await connect(contract, { ...options, grant: second.grant })
    assert.strictEqual((await two.session.fetch(`${server.url}/api/me`)).status, 200)
    assert.deepStrictEqual(second.opened, [])
    assert.strictEqual(tags().filter((tag) => tag === "SignedIn").length, 1)
  })

  it("takes localhost and a name of its own for servers that are registered so, and [::1]", async () => {
    await using server = await listen()
    for (const redirectUri of ["http://localhost/back", "http://[::1]/callback"]) {
      const { grant, opened } = commandLine({ redirectUri })
      await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
      assert.strictEqual(api.session.state?.status, "active")
      assert.strictEqual(redirectOf(opened[0] as string).hostname, new URL(redirectUri).hostname)
    }
  })

  it("says which port is taken", async () => {
    await using server = await listen()
    const { port } = new URL(server.url)
    const { grant } = commandLine({ redirectUri: `http://127.0.0.1:${port}/callback` })
    const error = await refusal(
      connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    )
    assert.strictEqual(error._tag, "SignInRejected")
    assert.include(error.message, `127.0.0.1:${port}`)
    assert.include(error.message, "leave the port out")
  })

  it.each(["https://127.0.0.1/callback", "http://192.168.1.1/callback", "http://app.example/", "callback"])(
    "N2: does not listen for %s",
    (redirectUri) => {
      assert.throws(() => loopback({ redirectUri }), /http URL on 127.0.0.1/)
    }
  )

  it("shows the URL when the browser cannot be opened", async () => {
    await using server = await listen()
    const said: Array<string> = []
    const spy = vi.spyOn(console, "error").mockImplementation((line: string) => {
      said.push(line)
      void signIn(browser(), /http\S+/.exec(line)?.[0] as string)
    })
    const { grant } = commandLine({
      open: () => {
        throw new Error("no browser")
      }
    })
    await using _api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    spy.mockRestore()
    assert.strictEqual(said.length, 1)
  })

  it.skipIf(process.platform !== "linux")("N1: opens the system's browser and shows the URL as well", async () => {
    await using server = await listen()
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "browser-"))
    const asked = path.join(folder, "asked")
    fs.writeFileSync(
      path.join(folder, "xdg-open"),
      `#!/bin/sh\nprintf %s "$1" > ${asked}.new && mv ${asked}.new ${asked}\n`,
      {
        mode: 0o755
      }
    )
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`)
    vi.stubEnv("DISPLAY", ":0")
    const spy = vi.spyOn(console, "error").mockImplementation(() => {})
    const watcher = fs.watch(folder, (_, name) => {
      if (name === "asked") void signIn(browser(), fs.readFileSync(asked, "utf8"))
    })
    const { grant } = commandLine({ redirect: loopback() })
    await using api = await connect(server.contract({ oauth: codeScheme(server) }), { ...observed().options, grant })
    watcher.close()
    const shown = spy.mock.calls.join("")
    spy.mockRestore()
    vi.unstubAllEnvs()
    assert.strictEqual(api.session.state?.status, "active")
    assert.include(shown, fs.readFileSync(asked, "utf8"))
    fs.rmSync(folder, { recursive: true })
  })
})
