/**
 * What a run needs before it can measure: the peers, installed from their pins; and this project as its users get
 * it, built, packed and installed from tarballs: linked sources would be measured with the type stripping they need.
 */
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { documents, here, keyturn, peers, root, work } from "./places.ts"
import { must } from "./process.ts"
import { once } from "./stamp.ts"

/** Settings that the package manager that runs this script leaves behind, which would be taken for ours. */
const cleared = (): Record<string, string> =>
  Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => /^(npm|pnpm)_/i.test(name) && !/registry/i.test(name))
      .map((name) => [name, ""])
  )

/** Installs the peers, as pinned by their lock file. */
const installPeers = (log: (line: string) => void) =>
  once(
    "peers",
    peers,
    ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"],
    async () => {
      log("installing the peers")
      await must("pnpm", ["install", "--frozen-lockfile", "--ignore-scripts"], { cwd: peers, env: cleared() })
    },
    join(peers, "node_modules")
  )

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest

/** The packages that `keyturn/package.json` asks for, and those that they depend on. */
const packages = (): ReadonlyArray<string> => {
  const folders = new Map<string, string>()
  for (const file of globSync(["packages/*/package.json", "packages/*/*/package.json"], {
    cwd: root,
    exclude: (name) => name === "node_modules" || name === "dist"
  })) {
    const folder = dirname(join(root, file))
    folders.set(manifestOf(folder).name, folder)
  }
  const wanted = new Set<string>()
  const want = (name: string) => {
    const folder = folders.get(name)
    if (folder === undefined || wanted.has(folder)) return
    wanted.add(folder)
    for (const dependency of Object.keys(manifestOf(folder).dependencies ?? {})) want(dependency)
  }
  for (const name of Object.keys(manifestOf(keyturn).dependencies ?? {})) want(name)
  return [...wanted]
}

/** Builds and packs our packages, and installs the tarballs into a project of their own. */
const installOurs = async (log: (line: string) => void): Promise<void> => {
  const folders = packages()
  const sources = folders.map((folder) => folder.slice(root.length))
  const installed = join(work, "keyturn")
  await once(
    "keyturn",
    root,
    [
      ...sources.flatMap((folder) => [`${folder}/package.json`, `${folder}/src/**`]),
      "apps/benchmarks/keyturn/*",
      "apps/benchmarks/documents/*"
    ],
    async () => {
      log(`building, packing and installing ${folders.length} packages of this project`)
      await must(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", ...sources], { cwd: root })
      const tarballs = join(work, "tarballs")
      rmSync(tarballs, { recursive: true, force: true })
      rmSync(installed, { recursive: true, force: true })
      mkdirSync(tarballs, { recursive: true })
      for (const folder of folders) await must("pnpm", ["pack", "--pack-destination", tarballs], { cwd: folder })
      const { dependencies = {} } = manifestOf(keyturn)
      mkdirSync(installed)
      // A project of its own: without a manifest npm would take the next one above for its project.
      writeFileSync(join(installed, "package.json"), '{ "private": true, "type": "module" }\n')
      const others = Object.entries(dependencies).filter(([, version]) => version !== "packed")
      await must(
        "npm",
        [
          ...["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"],
          ...globSync("*.tgz", { cwd: tarballs }).map((file) => join(tarballs, file)),
          ...others.map(([name, version]) => `${name}@${version}`)
        ],
        { cwd: installed, env: cleared() }
      )
      for (const file of globSync("*.mjs", { cwd: keyturn })) cpSync(join(keyturn, file), join(installed, file))
      await must(
        process.execPath,
        [
          join(installed, "node_modules/keyturn/dist/bin.js"),
          "generate",
          join(documents, "items.yaml"),
          "--out",
          "items"
        ],
        { cwd: installed }
      )
      // The generated modules are TypeScript, as in a user's project; what runs is what a bundler makes of them.
      await must(
        process.execPath,
        [join(peers, "node_modules/esbuild/bin/esbuild"), "items/contract.ts", "--outfile=items/contract.mjs"],
        { cwd: installed }
      )
    },
    join(installed, "items/contract.mjs")
  )
}

/** Generates hey-api's client of the items; it has no package that could be imported without. */
const generatePeers = (log: (line: string) => void) =>
  once(
    "hey-api",
    here,
    ["documents/items.yaml", "peers/pnpm-lock.yaml"],
    async () => {
      log("generating the peers' clients")
      const out = join(work, "hey-api")
      await must(
        process.execPath,
        [
          join(peers, "node_modules/@hey-api/openapi-ts/bin/run.js"),
          "-i",
          join(documents, "items.yaml"),
          "-o",
          out,
          "-c",
          "@hey-api/client-fetch"
        ],
        { cwd: peers }
      )
      await must(
        process.execPath,
        [
          join(peers, "node_modules/esbuild/bin/esbuild"),
          join(out, "index.ts"),
          join(out, "client/index.ts"),
          "--bundle",
          "--splitting",
          "--format=esm",
          `--outdir=${out}`,
          "--out-extension:.js=.mjs"
        ],
        { cwd: peers }
      )
    },
    join(work, "hey-api/index.mjs")
  )

/** Makes everything ready. What is up to date is left as it is. */
export const prepare = async (log: (line: string) => void): Promise<void> => {
  await installPeers(log)
  // What is generated below `work` imports peers, and so does the config file of one of them.
  const link = join(work, "node_modules")
  if (!existsSync(link)) symlinkSync(join(peers, "node_modules"), link)
  await generatePeers(log)
  await installOurs(log)
}

/** The programs of the contenders, by name. */
export const contenderFile = (name: string): string => {
  const ours = globSync("*.mjs", { cwd: keyturn }).map((file) => basename(file, ".mjs"))
  return ours.includes(name) ? join(work, "keyturn", `${name}.mjs`) : join(peers, "contenders", `${name}.mjs`)
}
