import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type Diagnostic, GenerateError, generateApi } from "../src/index.ts"
import { broken } from "./broken.ts"

const summary = ({ file, position, severity, rule, message, hint }: Diagnostic): string => {
  const place = position === undefined ? "?" : `${position.line}:${position.column}`
  const name = file.startsWith("openapi.") ? "" : `${file}:`
  return `${name}${place} ${severity} ${rule}: ${message}${hint === undefined ? "" : ` | ${hint}`}`
}

describe("a broken document gives all of its diagnostics, each at its place", () => {
  for (const { title, document, files = {}, overlays = [], expected } of broken) {
    it(title, async () => {
      const cwd = mkdtempSync(join(tmpdir(), "keyturn-broken-"))
      try {
        for (const [name, text] of Object.entries({ "openapi.yaml": document, ...files })) {
          mkdirSync(dirname(join(cwd, name)), { recursive: true })
          writeFileSync(join(cwd, name), text)
        }
        const before = readdirSync(cwd)
        let diagnostics: ReadonlyArray<Diagnostic> = []
        try {
          diagnostics = (await generateApi({ document: "openapi.yaml", out: "out", overlays }, { cwd })).warnings
        } catch (error) {
          if (!(error instanceof GenerateError)) throw error
          diagnostics = error.diagnostics
        }
        assert.deepStrictEqual(
          diagnostics.filter(({ severity, rule }) => severity === "error" || rule !== "structure").map(summary),
          expected
        )
        assert.deepStrictEqual(readdirSync(cwd), before, "something was written")
      } finally {
        rmSync(cwd, { recursive: true })
      }
    })
  }
})
