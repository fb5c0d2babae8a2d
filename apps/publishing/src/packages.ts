/** The packages that are published, and their tarballs. */
import { execFile } from "node:child_process"
import { globSync, mkdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

/** The workspace's folder. */
export const root = fileURLToPath(new URL("../../..", import.meta.url))

const execute = promisify(execFile)

/** Runs a program to its end and gives what it printed. Rejects with all of it when the program fails. */
export const run = async (
  cwd: string,
  command: string,
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv = process.env
): Promise<string> => {
  try {
    const { stdout } = await execute(command, [...args], { cwd, env, maxBuffer: 2 ** 28 })
    return stdout
  } catch (error) {
    const { stderr = "", stdout = "" } = error as { readonly stdout?: string; readonly stderr?: string }
    throw new Error(`${command} ${args.join(" ")} failed in ${cwd}:\n${stdout}${stderr}`)
  }
}

/** The part of a manifest that is looked at here. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly license?: string
  readonly type?: string
  readonly bin?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly files?: ReadonlyArray<string>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly publishConfig?: Readonly<Record<string, unknown>>
}

/** A package that is published. */
export interface Package {
  readonly name: string
  /** Its folder, absolute. */
  readonly folder: string
  readonly manifest: Manifest
}

/** Every package of the workspace that is not private, by name. */
export const publicPackages = (): ReadonlyArray<Package> =>
  globSync(["packages/*/package.json", "packages/{endpoints,grants,stores}/*/package.json"], { cwd: root })
    .map((path) => {
      const manifest = JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest
      return { name: manifest.name, folder: join(root, dirname(path)), manifest }
    })
    .filter(({ manifest }) => manifest.private !== true)
    .sort((a, b) => (a.name < b.name ? -1 : 1))

/** What `pnpm pack` calls a package's tarball. */
export const tarballOf = ({ manifest: { name, version } }: Package): string =>
  `${name.replace("@", "").replace("/", "-")}-${version}.tgz`

/** Packs every package into a folder, as it would be published. The packages must have been built. */
export const packAll = async (into: string): Promise<ReadonlyArray<Package>> => {
  mkdirSync(into, { recursive: true })
  const packages = publicPackages()
  const filters = packages.flatMap(({ name }) => ["--filter", name])
  await run(root, "pnpm", ["-r", ...filters, "pack", "--pack-destination", into])
  return packages
}
