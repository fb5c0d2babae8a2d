/** What an entry point costs a browser: minified by esbuild, with everything it brings along, gzipped. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Installed } from "./consumer.ts"

/** A program, as a user would write it, and how many bytes it may take. */
export interface Budget {
  readonly name: string
  readonly program: string
  /** Bytes, minified and gzipped. */
  readonly limit: number
}

const KB = 1000

/**
 * The budgets. The two clients are held to what they weigh: 30 kB is what we want, and `docs/benchmarks.md` says what stands in
 * its way.
 */
export const budgets: ReadonlyArray<Budget> = [
  {
    name: "@keyturn/client, password, memory store",
    program: `import { connect } from "@keyturn/client"; globalThis.connect = connect`,
    limit: 51 * KB
  },
  {
    name: "@keyturn/client, authorization code with PKCE, memory store",
    program: `import { connect } from "@keyturn/client"; import { authorizationCode } from "@keyturn/grant-authorization-code"; globalThis.app = { connect, authorizationCode }`,
    limit: 59 * KB
  },
  {
    name: "@keyturn/bench, the contract",
    program: `import { contract } from "@keyturn/bench"; globalThis.c = contract`,
    limit: 4 * KB
  },
  {
    name: "@keyturn/bench/types",
    program: `import type { paths } from "@keyturn/bench/types"; export type P = paths`,
    limit: 0
  }
]

/** The size of a program that is bundled where the packages are installed: gzipped bytes; 0 for one that is empty. */
export const sizeOf = async (at: Installed, program: string): Promise<number> => {
  writeFileSync(join(at.folder, "size.ts"), program)
  const flags = ["--bundle", "--minify", "--format=esm", "--platform=browser", "--target=es2022"]
  const code = await at.run(".", "node_modules/.bin/esbuild", ["size.ts", ...flags])
  return code.trim() === "" ? 0 : gzipSync(code, { level: 9 }).length
}
