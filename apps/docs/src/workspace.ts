/** Where things are. */
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The workspace's folder, and this application's. */
export const root = fileURLToPath(new URL("../../..", import.meta.url))
export const here = join(root, "apps/docs")

/** Pages, written and made. */
export const pages = join(here, "pages")

/** A package that is published. */
export interface Package {
  readonly name: string
  readonly description: string
  /** From the workspace's folder, such as `packages/client`. */
  readonly folder: string
  /** Its part of an address: `client`. */
  readonly slug: string
  /** What it exports to TypeScript: subpath to the file with the declarations. */
  readonly entries: ReadonlyMap<string, string>
}

interface Manifest {
  readonly name: string
  readonly description?: string
  readonly private?: boolean
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, string | { readonly types?: string }>> }
}

/** The order in which a newcomer meets them. */
const order = ["client", "auth", "contract", "keyturn", "codegen", "simulators", "grant-", "store-"]
const rank = ({ slug }: Package): number => {
  const at = order.findIndex((start) => slug === start || (start.endsWith("-") && slug.startsWith(start)))
  return at < 0 ? order.length : at
}

/** Every published package. */
export const packages = (): ReadonlyArray<Package> =>
  globSync(["packages/*/package.json", "packages/*/*/package.json"], { cwd: root })
    .map((path) => [dirname(path), JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest] as const)
    .filter(([, manifest]) => manifest.private !== true)
    .map(([folder, { description = "", name, publishConfig }]) => {
      const entries = Object.entries(publishConfig?.exports ?? {}).flatMap(([subpath, target]) => {
        const types = typeof target === "string" ? undefined : target.types
        return types === undefined ? [] : [[subpath, join(root, folder, types)] as const]
      })
      return { name, description, folder, slug: name.replace("@keyturn/", ""), entries: new Map(entries) }
    })
    .sort((a, b) => rank(a) - rank(b) || (a.slug < b.slug ? -1 : 1))

/** The address of a package's page. */
export const addressOf = ({ slug }: Package): string => `/reference/${slug}/`

/** Whether an entry has a page of its own; those of small packages are on the package's page. */
export const hasPages = ({ entries }: Package): boolean => entries.size > 4

/** The address of an entry, such as `@keyturn/auth/Session`. */
export const entryAddress = (one: Package, subpath: string): string =>
  hasPages(one) && subpath !== "." ? `${addressOf(one)}${subpath.slice(2)}` : addressOf(one)
