/** A stranger's project: a folder far from the workspace, in which the tarballs are installed like anything else. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Package, run, tarballOf } from "./packages.ts"

/** A way to install, as its users have it set up. */
export type Manager = "npm" | "pnpm" | "yarn"

/** Projects of `projects/` that share an installation, and what they say to install. */
export interface Setting {
  /** The names of their folders. */
  readonly projects: ReadonlyArray<string>
  /** Packages with their ranges; `ours` for one of the tarballs. */
  readonly dependencies: Readonly<Record<string, string>>
  readonly manager: Manager
}

/** Installed projects, each in a folder of its name. */
export interface Installed extends Disposable {
  readonly folder: string
  /** Runs a program in a project's folder. */
  readonly run: (
    project: string,
    command: string,
    args: ReadonlyArray<string>,
    env?: NodeJS.ProcessEnv
  ) => Promise<string>
}

const managers: Readonly<Record<Manager, (folder: string) => Promise<unknown>>> = {
  npm: (folder) => run(folder, "npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]),
  // Strict: what a package does not name it cannot import.
  pnpm: (folder) => run(folder, "pnpm", ["install", "--prefer-offline", "--config.hoist=false"]),
  yarn: (folder) =>
    run(folder, "npx", ["-y", "-p", "@yarnpkg/cli-dist@4", "yarn", "install"], {
      ...process.env,
      YARN_NODE_LINKER: "node-modules",
      YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
      YARN_ENABLE_TELEMETRY: "0"
    })
}

/**
 * Copies projects to a temporary folder and installs what they need there: ours from the tarballs in `tarballs`, theirs from
 * the registry.
 */
export const install = async (
  { dependencies: wanted, manager, projects }: Setting,
  packages: ReadonlyArray<Package>,
  tarballs: string
): Promise<Installed> => {
  const folder = mkdtempSync(join(tmpdir(), `keyturn-${manager}-`))
  for (const name of projects) {
    cpSync(fileURLToPath(new URL(`../projects/${name}`, import.meta.url)), join(folder, name), { recursive: true })
  }
  const ours = Object.fromEntries(packages.map((one) => [one.name, `file:${join(tarballs, tarballOf(one))}`]))
  const dependencies = Object.fromEntries(
    Object.entries(wanted).map(([name, range]) => [name, range === "ours" ? ours[name] : range])
  )
  const manifest = { name: "a-stranger", private: true, type: "module", dependencies }
  // What ours depend on of ours is not in the registry either.
  const further = { npm: { overrides: ours }, pnpm: {}, yarn: { resolutions: ours } }[manager]
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, ...further }, null, 2))
  if (manager === "pnpm") writeFileSync(join(folder, "pnpm-workspace.yaml"), `overrides: ${JSON.stringify(ours)}\n`)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    await managers[manager](folder)
  } catch (error) {
    remove()
    throw error
  }
  return {
    folder,
    run: (project, command, args, env = process.env) => run(join(folder, project), command, args, env),
    [Symbol.dispose]: remove
  }
}
