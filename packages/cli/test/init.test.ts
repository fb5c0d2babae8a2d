import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import { parse, stringify } from "yaml"
import { keyturn } from "./command.ts"

vi.setConfig({ testTimeout: 120_000 })

const bench = () =>
  parse(readFileSync(fileURLToPath(new URL("../../../specs/bench/openapi.yaml", import.meta.url)), "utf8"))

/** Runs `keyturn init`, then `keyturn generate` with the config it wrote. */
const begin = async (document: unknown) => {
  const cwd = mkdtempSync(join(tmpdir(), "keyturn-init-"))
  try {
    writeFileSync(join(cwd, "pets.yaml"), stringify(document))
    const init = await keyturn(cwd, "init", "pets.yaml").done
    const config = join(cwd, "keyturn.config.ts")
    // A user has installed the package that the config imports; here it is next door.
    const library = fileURLToPath(new URL("../src/index.ts", import.meta.url))
    writeFileSync(config, readFileSync(config, "utf8").replace('"keyturn"', JSON.stringify(library)))
    const generate = await keyturn(cwd, "generate").done
    const again = await keyturn(cwd, "init", "pets.yaml").done
    return { init, generate, again, contract: readFileSync(join(cwd, "src/api/pets/contract.ts"), "utf8") }
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

const signIn =
  /signIn: \{\s*grant: "password",\s*method: "POST",\s*path: "\/auth\/signin"[\s\S]*request: \{ password: "\$credentials.password", username: "\$credentials.login" \}/

describe("keyturn init", () => {
  it("proposes an overlay for a document that does not say how to sign in, with reasons, and it generates", async () => {
    const document = bench()
    delete document.components.securitySchemes.session["x-session"]
    const { init, generate, contract, again } = await begin(document)
    assert.strictEqual(init.code, 0, init.stderr)
    assert.match(
      init.stdout,
      /signIn: POST \/auth\/signin, because it is called signIn, it takes "password", it answers "access_token"\./
    )
    assert.match(init.stdout, /refresh: POST \/auth\/token, because it takes "refresh_token"/)
    assert.match(init.stdout, /signOut: POST \/auth\/signout, because it is called signOut\./)
    assert.strictEqual(generate.code, 0, generate.stderr)
    assert.match(contract, signIn)
    assert.match(contract, /request: \{ grant_type: "refresh_token", refresh_token: "\$session.refreshToken" \}/)
    assert.deepStrictEqual(
      [again.code, again.stderr],
      [2, "keyturn init: there is a keyturn.config.ts already; add the document to it by hand\n"]
    )
  })

  it("adds a scheme and requires it, where the document declares no security and no ids", async () => {
    const document = bench()
    delete document.components.securitySchemes
    delete document.security
    for (const item of Object.values<Record<string, { operationId?: string; security?: unknown }>>(document.paths)) {
      for (const operation of Object.values(item)) {
        delete operation.operationId
        delete operation.security
      }
    }
    const { init, generate, contract } = await begin(document)
    assert.match(init.stdout, /the document declares none, so the overlay adds a bearer token/)
    assert.strictEqual(generate.code, 0, generate.stderr)
    assert.match(contract, signIn)
    assert.match(
      contract,
      /security: \{ default: \[\{ session: \[\] \}\], operations: \{ "POST \/auth\/signin": \[\], "POST \/auth\/token": \[\] \} \}/
    )
  })

  it("proposes nothing where the document says it itself", async () => {
    const { init } = await begin(bench())
    assert.match(init.stdout, /How to sign in is said by session\./)
    assert.notMatch(init.stdout, /overlay/)
  })
})
