import { globSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const root = fileURLToPath(new URL("..", import.meta.url))

// A hundred workers and some hundreds of programs that tests start load the same modules: Node compiles each once.
process.env.NODE_COMPILE_CACHE ??= `${root}node_modules/.cache/keyturn/compiled`

/** What leaves its process as it found it, and asks nothing of it: such tests share workers and what these have loaded. */
const together = globSync(
  [
    ".config/*.test.ts",
    "packages/{client,codegen,contract,simulators}/test/**/*.test.ts",
    "packages/grants/*/test/*.test.ts",
    "packages/auth/test/testing/*.test.ts",
    "packages/auth/test/{choices,decision,header-syntax,holders,retry,scopes,session-*,sha256,telemetry,timers,transport}.test.ts"
  ],
  {
    cwd: root,
    exclude: [
      // They count the timers of the process, or change its console, its environment or a module of Node.
      "packages/auth/test/session-end.test.ts",
      "packages/client/test/silent.test.ts",
      "packages/codegen/test/{output,write-rollback}.test.ts",
      "packages/grants/authorization-code/test/loopback.test.ts",
      "packages/simulators/test/faults.test.ts"
    ]
  }
)

export default defineConfig({
  root,
  test: {
    testTimeout: 30_000,
    // One worker less than there are cores, as it is by default, would be one alone on a machine that has two.
    maxWorkers: "100%",
    projects: [
      {
        extends: true,
        test: {
          name: "alone",
          include: ["{packages,apps}/**/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/dist/**", ...together]
        }
      },
      { extends: true, test: { name: "together", include: together, isolate: false } }
    ]
  }
})
