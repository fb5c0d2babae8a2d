/** GitHub's REST API, the largest document here, and programs that call it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { documents, peers, work } from "./places.ts"
import { must } from "./process.ts"
import { once } from "./stamp.ts"

/** The document. */
export const githubDocument: string = join(peers, "node_modules/@octokit/openapi/generated/api.github.com.json")
/** Says how it is authorized, which the document does not. */
export const githubOverlay: string = join(documents, "github.overlay.yaml")

/** Whose client a program uses. */
export type Client = "keyturn" | "openapi-fetch" | "hey-api"

/** Where a client's generated modules and programs are: below the `node_modules` that they need. */
export const folderOf = (client: Client): string =>
  client === "keyturn" ? join(work, "keyturn/github") : join(work, "github", client)

/** Generates all clients. */
export const generateClients = async (log: (line: string) => void): Promise<void> => {
  const node = (...args: ReadonlyArray<string>) => must(process.execPath, args, { cwd: work })
  const theirs = [githubDocument]
  await once(
    "github-peers",
    peers,
    ["pnpm-lock.yaml"],
    async () => {
      log("generating the peers' clients of GitHub")
      const types = folderOf("openapi-fetch")
      mkdirSync(types, { recursive: true })
      await node(join(peers, "node_modules/openapi-typescript/bin/cli.js"), ...theirs, "-o", join(types, "types.ts"))
      const bin = join(peers, "node_modules/@hey-api/openapi-ts/bin/run.js")
      await node(bin, "-i", ...theirs, "-o", folderOf("hey-api"), "-c", "@hey-api/client-fetch")
      for (const client of ["openapi-fetch", "hey-api"] as const) {
        writeFileSync(join(folderOf(client), "package.json"), '{ "type": "module" }\n')
      }
    },
    join(folderOf("hey-api"), "sdk.gen.ts")
  )
  log("generating our client of GitHub")
  await node(
    join(work, "keyturn/node_modules/keyturn/dist/bin.js"),
    ...["generate", ...theirs, "--overlay", githubOverlay, "--out", folderOf("keyturn"), "--name", "github"]
  )
}

interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: { readonly type?: string; readonly enum?: ReadonlyArray<unknown>; readonly $ref?: string }
}

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      {
        readonly get?: { readonly parameters?: ReadonlyArray<Parameter> }
        readonly parameters?: ReadonlyArray<Parameter>
      }
    >
  >
}

/** A call with its required parameters. */
interface Call {
  readonly path: string
  readonly inPath: Readonly<Record<string, unknown>>
  readonly inQuery: Readonly<Record<string, unknown>>
}

const callsOf = (document: Document): ReadonlyArray<Call> => {
  const resolve = <A extends { readonly $ref?: string }>(value: A): A =>
    value.$ref === undefined
      ? value
      : (value.$ref
          .split("/")
          .slice(1)
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document) as A)
  return Object.entries(document.paths).flatMap(([path, { get, parameters = [] }]) => {
    if (get === undefined) return []
    const required = [...parameters, ...(get.parameters ?? [])].map(resolve).filter(({ required }) => required === true)
    const values = required.map((parameter) => {
      const { enum: choices, type } = resolve(parameter.schema ?? {})
      const value = choices?.[0] ?? (type === "string" ? "some" : type === "integer" ? 1 : undefined)
      return [parameter, value] as const
    })
    // What takes more than a word or a number would compare the drawing up of arguments.
    if (values.some(([parameter, value]) => value === undefined || !["path", "query"].includes(parameter.in))) return []
    const of = (place: string) =>
      Object.fromEntries(values.flatMap(([{ in: at, name }, value]) => (at === place ? [[name, value]] : [])))
    return [{ path, inPath: of("path"), inQuery: of("query") }]
  })
}

const args = ({ inPath, inQuery }: Call): ReadonlyArray<string> =>
  Object.entries({ path: inPath, query: inQuery }).flatMap(([name, values]) =>
    Object.keys(values).length === 0 ? [] : [`${name}: ${JSON.stringify(values)}`]
  )

const fetchCall = (call: Call): string => {
  const given = args(call)
  return `  use((await client.GET(${JSON.stringify(call.path)}${given.length === 0 ? "" : `, { params: { ${given.join(", ")} } }`})).data)`
}

/** The SDK functions of hey-api by path. */
const functions = (): ReadonlyMap<string, string> => {
  const source = readFileSync(join(folderOf("hey-api"), "sdk.gen.ts"), "utf8")
  const found = source.matchAll(/^export const (\w+) = [^\n]*\.get<[^\n]*>\(\{[^}]*?url: '([^']+)'/gm)
  return new Map([...found].map(([, name = "", path = ""]) => [path, name]))
}

const use = "const use = (value: unknown): void => void value"

/**
 * Writes programs of so many calls, the same ones for every client, and gives their names. Every call differs from the
 * others, as in an application.
 */
export const writePrograms = (sizes: ReadonlyArray<number>): ReadonlyMap<number, string> => {
  const all = callsOf(JSON.parse(readFileSync(githubDocument, "utf8")) as Document)
  const sdk = functions()
  const calls = all.filter(({ path }) => sdk.has(path))
  const names = new Map<number, string>()
  for (const size of sizes) {
    if (calls.length < size) throw new Error(`GitHub has ${calls.length} simple calls, not ${size}`)
    const chosen = calls.slice(0, size)
    const name = `calls-${size}.ts`
    names.set(size, name)
    const programs: Record<Client, ReadonlyArray<string>> = {
      "openapi-fetch": [
        'import createClient from "openapi-fetch"',
        'import type { paths } from "./types.ts"',
        use,
        'const client = createClient<paths>({ baseUrl: "https://api.github.com" })',
        "export const program = async () => {",
        ...chosen.map(fetchCall),
        "}"
      ],
      keyturn: [
        'import { connect } from "@keyturn/client"',
        'import { contract } from "./contract.ts"',
        use,
        'const client = await connect(contract, { credentials: { token: "some" } })',
        "export const program = async () => {",
        ...chosen.map(fetchCall),
        "}"
      ],
      "hey-api": [
        'import { createClient } from "./client/index.js"',
        `import { ${chosen.map(({ path }) => sdk.get(path)).join(", ")} } from "./sdk.gen.js"`,
        use,
        'const client = createClient({ baseUrl: "https://api.github.com", auth: () => "some" })',
        "export const program = async () => {",
        ...chosen.map(
          (call) => `  use((await ${sdk.get(call.path)}({ ${["client", ...args(call)].join(", ")} })).data)`
        ),
        "}"
      ]
    }
    for (const [client, lines] of Object.entries(programs)) {
      writeFileSync(join(folderOf(client as Client), name), `${lines.join("\n")}\n`)
    }
  }
  return names
}
