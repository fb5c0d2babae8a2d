/**
 * Strangers' projects, installed from tarballs far from the workspace. Here the newest and the oldest of what is supported;
 * all combinations with `pnpm test:consumers`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { bench, bits, pink } from "@keyturn/simulators"
import { chromium } from "playwright-core"
import { vi } from "vitest"
import { bundleWith } from "../src/browser.ts"
import { type Installed, install, type Manager } from "../src/consumer.ts"
import { nodeOf } from "../src/nodes.ts"
import { type Package, packAll, root } from "../src/packages.ts"
import { budgets, sizeOf } from "../src/sizes.ts"
import { suppliedIn } from "../src/supply.ts"

vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 })

const whole = process.env.KEYTURN_CONSUMERS === "all"
const nodes = whole ? ["22.19.0", "24", "26"] : ["22.19.0", "26"]
const compilers = whole ? ["5.9", "6", "7"] : ["5.9", "7"]
const layouts: ReadonlyArray<Manager> = whole ? ["npm", "pnpm", "yarn"] : ["pnpm"]

const typescript = Object.fromEntries(
  compilers.map((version) => [`typescript-${version}`, `npm:typescript@${version}`])
)
const said = "1 accounts, the first is Halden & Moore\n"

let tarballs: string
let packages: ReadonlyArray<Package>
let api: Awaited<ReturnType<typeof bench.listen>>
let other: Awaited<ReturnType<typeof bits.listen>>
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  tarballs = mkdtempSync(join(tmpdir(), "keyturn-packed-"))
  ;[packages, api, other] = await Promise.all([packAll(tarballs), bench.listen(), bits.listen()])
  env = {
    ...process.env,
    NODE_OPTIONS: "",
    BENCH_URL: api.url,
    BENCH_LOGIN: api.credentials.service.login,
    BENCH_PASSWORD: api.credentials.service.password,
    BITS_URL: other.url,
    BITS_CLIENT_ID: other.credentials.client.clientId,
    BITS_CLIENT_SECRET: other.credentials.client.clientSecret
  }
})
afterAll(async () => {
  await Promise.all([api.close(), other.close()])
  rmSync(tarballs, { recursive: true })
})

const compile = (at: Installed, project: string, compiler: string, ...flags: ReadonlyArray<string>) =>
  at.run(project, process.execPath, [`../node_modules/typescript-${compiler}/bin/tsc`, "-p", ".", ...flags])

describe("installed by npm", () => {
  let at: Installed
  beforeAll(async () => {
    at = await install(
      {
        projects: ["promise", "commonjs", "effect", "own-spec", "browser"],
        manager: "npm",
        dependencies: {
          "@keyturn/bench": "ours",
          "@keyturn/bits": "ours",
          "@keyturn/client": "ours",
          "@keyturn/contract": "ours",
          "@keyturn/pink": "ours",
          keyturn: "ours",
          effect: "^4.1.0",
          "@keyturn/grant-authorization-code": "ours",
          "openapi-fetch": "0.17.0",
          esbuild: "0.28",
          vite: "8",
          "@types/node": "24",
          ...typescript
        }
      },
      packages,
      tarballs
    )
  })
  afterAll(() => at[Symbol.dispose]())

  it.each(compilers)("a program with promises and one with Effect compile on TypeScript %s", async (compiler) => {
    await compile(at, "promise", compiler)
    await compile(at, "effect", compiler)
  })

  it("every declaration of ours is right by itself, without skipLibCheck", async () => {
    await compile(at, "promise", "7", "--skipLibCheck", "false", "--noEmit")
  })

  it.each(nodes)("they run on Node %s, and CommonJS requires the same packages", async (version) => {
    const node = await nodeOf(version)
    assert.strictEqual(await at.run("promise", node, ["out/main.js"], env), said)
    assert.strictEqual(await at.run("commonjs", node, ["main.cjs"], env), said)
    assert.match(await at.run("effect", node, ["out/main.js"], env), /^1 accounts, read for \S+\n$/)
  })

  it("a stranger's document is generated, compiled and called", async () => {
    const secret = "a secret & a half"
    let asked = ""
    const pets = createServer(async (request, response) => {
      const body = (await request.toArray()).join("")
      response.setHeader("content-type", "application/json")
      if (request.url === "/token") {
        asked = body
        const basic = `Basic ${btoa(`shop:${encodeURIComponent(secret).replaceAll("%20", "+")}`)}`
        if (request.headers.authorization !== basic) response.statusCode = 401
        response.end(JSON.stringify({ access_token: "t1", token_type: "Bearer", expires_in: 60 }))
      } else if (request.headers.authorization === "Bearer t1") response.end(JSON.stringify([{ name: "Bello" }]))
      else response.writeHead(401).end("{}")
    })
    await new Promise<void>((resolve) => pets.listen(0, "127.0.0.1", resolve))
    try {
      await at.run("own-spec", process.execPath, [
        "../node_modules/keyturn/dist/bin.js",
        "generate",
        "openapi.yaml",
        "--out",
        "src/api"
      ])
      await compile(at, "own-spec", "7")
      const url = `http://127.0.0.1:${(pets.address() as AddressInfo).port}`
      const printed = await at.run("own-spec", process.execPath, ["out/main.js"], {
        PETS_URL: url,
        PETS_SECRET: secret
      })
      assert.strictEqual(printed, "Bello\n")
      assert.strictEqual(new URLSearchParams(asked).get("scope"), "pets:read", "the least scope")
    } finally {
      pets.close()
    }
  })

  it.each(["esbuild", "vite"] as const)("a page bundled by %s signs in in Chromium", async (bundler) => {
    await using server = await pink.listen()
    await using page = await bundleWith(bundler, at, server.url)
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    })
    try {
      const tab = await browser.newPage()
      await tab.goto(`${page.url}#token=${server.credentials.personalAccessToken}`)
      await tab.getByText("Hello").waitFor()
      assert.strictEqual(await tab.locator("output").textContent(), "Hello, Dana Whitfield")
    } finally {
      await browser.close()
    }
  })

  it("every licence among what comes along is permissive, and nothing runs a script where it is installed", () => {
    const supplied = suppliedIn(at.folder)
    assert.isAbove(supplied.length, 40)
    const ours = supplied.filter(
      ({ name }) => !/^(@?esbuild|@?vite|@?rolldown|lightningcss|fsevents|@types)/.test(name)
    )
    assert.deepStrictEqual(
      ours.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
      []
    )
  })

  it("the lock file's packages are the registry's, each with the sum of what was fetched", () => {
    const { packages: locked } = JSON.parse(readFileSync(join(at.folder, "package-lock.json"), "utf8"))
    const wrong = Object.entries(locked as Record<string, { integrity?: string; link?: boolean }>).filter(
      ([path, { integrity, link }]) => path !== "" && link !== true && !integrity?.startsWith("sha512-")
    )
    assert.deepStrictEqual(
      wrong.map(([path]) => path),
      []
    )
  })

  it.each(budgets)("$name stays within its budget", async ({ limit, program }) => {
    assert.isAtMost(await sizeOf(at, program), limit)
  })
})

describe.each(layouts)("installed by %s, each package seeing only what it names", (manager) => {
  it("a program with promises runs", async () => {
    using at = await install(
      {
        projects: ["promise"],
        manager,
        dependencies: {
          "@keyturn/bench": "ours",
          "@keyturn/client": "ours",
          ...(manager === "yarn" ? { effect: "^4.1.0" } : {}),
          "@types/node": "24",
          "typescript-7": "npm:typescript@7"
        }
      },
      packages,
      tarballs
    )
    await compile(at, "promise", "7")
    assert.strictEqual(await at.run("promise", process.execPath, ["out/main.js"], env), said)
  })
})

describe("types alone", () => {
  it("nothing of ours is there at run time", async () => {
    using at = await install(
      {
        projects: ["types-only"],
        manager: "npm",
        dependencies: { "@keyturn/bench": "ours", "@types/node": "24", "typescript-7": "npm:typescript@7" }
      },
      packages,
      tarballs
    )
    await compile(at, "types-only", "7")
    assert.notInclude(readFileSync(join(at.folder, "types-only/out/main.js"), "utf8"), "import")
    rmSync(join(at.folder, "node_modules"), { recursive: true })
    assert.strictEqual(
      await at.run("types-only", process.execPath, ["out/main.js"]),
      "/rp/api/v1/accounts/1/Projects\n"
    )
  })
})

describe("the five-minute start", () => {
  const page = readFileSync(join(root, "apps/docs/pages/start.md"), "utf8")
  const [, commands = ""] = /```sh\n([\s\S]*?)```/.exec(page) ?? []
  const [, program = ""] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  const [, printed = ""] = /```text\n([\s\S]*?)```/.exec(page) ?? []

  it("followed to the letter in a clean folder, prints what it says it prints", async () => {
    const wanted = /npm install (.*)/.exec(commands)?.[1]?.split(" ") ?? []
    const ours = new Set(packages.map(({ name }) => name))
    using at = await install(
      {
        projects: [],
        manager: "npm",
        dependencies: Object.fromEntries(wanted.map((name) => [name, ours.has(name) ? "ours" : "latest"]))
      },
      packages,
      tarballs
    )
    writeFileSync(join(at.folder, "hello.mts"), program)
    assert.strictEqual(await at.run(".", process.execPath, ["hello.mts"]), printed)
  })
})
