import { globSync, readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { assert, describe, it } from "@effect/vitest"

const root = new URL("..", import.meta.url)

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

const statement =
  /(?:^|\n)[ \t]*(?:import|export)\s+(type\s+)?([^"';]*?\s+from\s+)?["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']\s*\)/g

/** The imports and re-exports of a source file. A list of which every name is a `type` counts as one of types. */
const importsOf = (source: string): ReadonlyArray<Import> => {
  // Comments and texts (a generated README, say) import nothing.
  const code = source
    .replace(/`(?:\\[\s\S]|[^`\\])*`/g, "``")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/[^\n]*/g, "$1")
  return [...code.matchAll(statement)].map(([, type, clause = "", specifier, dynamic]) => {
    const names =
      /\{([^}]*)\}/
        .exec(clause)?.[1]
        ?.split(",")
        .filter((name) => name.trim() !== "") ?? []
    const allTypes = names.length > 0 && clause.trim().startsWith("{") && names.every((name) => /^\s*type\s/.test(name))
    return { specifier: (specifier ?? dynamic) as string, typeOnly: type !== undefined || allTypes }
  })
}

interface Rule {
  /** Workspace packages that may be imported. */
  readonly may: ReadonlyArray<string>
  /** Workspace packages of which only types may be imported. */
  readonly types?: ReadonlyArray<string>
  /** Other packages that must not be imported, `*` for all. */
  readonly never?: ReadonlyArray<string>
}

const any = ["@keyturn/*", "keyturn"]

/** The table of the design, by folder. */
const rules: ReadonlyArray<readonly [folder: RegExp, rule: Rule]> = [
  [/^packages\/contract$/, { may: [], never: ["*"] }],
  [/^packages\/codegen$/, { may: ["@keyturn/contract"] }],
  [/^packages\/endpoints\//, { may: [], types: ["@keyturn/contract"], never: ["effect"] }],
  [/^packages\/auth$/, { may: ["@keyturn/contract"], never: ["openapi-fetch"] }],
  [/^packages\/(grants|stores)\//, { may: ["@keyturn/auth", "@keyturn/contract"], never: ["openapi-fetch"] }],
  [/^packages\/client$/, { may: ["@keyturn/auth", "@keyturn/contract"] }],
  [
    /^packages\/simulators$/,
    { may: [], types: ["@keyturn/bench", "@keyturn/bits", "@keyturn/allura", "@keyturn/pink"], never: ["effect"] }
  ],
  [/^packages\/cli$/, { may: any }],
  [/^apps\//, { may: any }]
]

const packageOf = (specifier: string): string =>
  specifier.startsWith("@") ? specifier.split("/").slice(0, 2).join("/") : (specifier.split("/")[0] as string)

const isWorkspace = (name: string): boolean => name.startsWith("@keyturn/") || name === "keyturn"

const matches = (patterns: ReadonlyArray<string> | undefined, name: string): boolean =>
  patterns?.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name)) ??
  false

/** What is wrong with an import, or nothing. */
const verdict = (rule: Rule, self: string, { specifier, typeOnly }: Import): string | undefined => {
  if (specifier.startsWith("node:") || builtinModules.includes(specifier)) return undefined
  const name = packageOf(specifier)
  if (name === self) return undefined
  if (isWorkspace(name)) {
    if (matches(rule.may, name)) return undefined
    if (matches(rule.types, name)) return typeOnly ? undefined : `imports more than types of ${name}`
    return `imports ${name}`
  }
  return matches(rule.never, name) || rule.never?.includes("*") ? `imports ${name}` : undefined
}

const packages = globSync(["packages/*/package.json", "packages/*/*/package.json", "apps/*/package.json"], {
  cwd: root,
  exclude: (name) => String(name).includes("node_modules")
})
  .map((file) => file.replaceAll("\\", "/"))
  .sort()

describe("imports point one way", () => {
  for (const manifest of packages) {
    const folder = manifest.slice(0, -"/package.json".length)
    const self = (JSON.parse(readFileSync(new URL(manifest, root), "utf8")) as { name: string }).name
    it(`in ${folder}`, () => {
      const rule = rules.find(([pattern]) => pattern.test(folder))?.[1]
      if (rule === undefined) return assert.fail(`${folder} is not in the table of rules`)
      const problems: Array<string> = []
      for (const file of globSync(`${folder}/src/**/*.ts`, { cwd: root })) {
        for (const found of importsOf(readFileSync(new URL(file, root), "utf8"))) {
          if (found.specifier.startsWith(".")) {
            const target = new URL(found.specifier, new URL(file, root)).pathname
            if (!target.startsWith(new URL(`${folder}/`, root).pathname)) problems.push(`${file}: leaves its package`)
            continue
          }
          const problem = verdict(rule, self, found)
          if (problem !== undefined) problems.push(`${file}: ${problem}`)
        }
      }
      assert.deepStrictEqual(problems, [])
    })
  }

  it("and what a browser may load reaches nothing of Node", () => {
    const forNode = /^packages\/(auth\/src\/node\/|grants\/[^/]+\/src\/loopback\.ts$)/
    const problems = globSync("packages/{contract,auth,client,endpoints/*,grants/*}/src/**/*.ts", { cwd: root })
      .filter((file) => !forNode.test(file))
      .flatMap((file) =>
        importsOf(readFileSync(new URL(file, root), "utf8"))
          .filter(({ specifier }) => {
            const target = new URL(specifier, new URL(file, root)).pathname.slice(root.pathname.length)
            return /^node:|^@keyturn\/auth\/Loopback$/.test(specifier) || forNode.test(target)
          })
          .map(({ specifier }) => `${file}: imports ${specifier}`)
      )
    assert.deepStrictEqual(problems, [])
  })

  it("and an import that breaks the table is seen, however it is written", () => {
    const auth = rules.find(([pattern]) => pattern.test("packages/auth"))?.[1] as Rule
    const endpoints = rules.find(([pattern]) => pattern.test("packages/endpoints/x"))?.[1] as Rule
    const problemsOf = (rule: Rule, source: string) =>
      importsOf(source).flatMap((found) => verdict(rule, "@keyturn/self", found) ?? [])
    assert.deepStrictEqual(problemsOf(auth, 'import createClient from "openapi-fetch"'), ["imports openapi-fetch"])
    assert.deepStrictEqual(problemsOf(auth, 'export * from "@keyturn/bench"'), ["imports @keyturn/bench"])
    assert.deepStrictEqual(problemsOf(auth, 'const x = await import("@keyturn/store-file")'), [
      "imports @keyturn/store-file"
    ])
    assert.deepStrictEqual(problemsOf(auth, 'import type { Contract } from "@keyturn/contract"'), [])
    assert.deepStrictEqual(problemsOf(endpoints, 'import { type Contract, serverUrl } from "@keyturn/contract"'), [
      "imports more than types of @keyturn/contract"
    ])
    assert.deepStrictEqual(problemsOf(endpoints, 'import { type Contract } from "@keyturn/contract"'), [])
  })
})
