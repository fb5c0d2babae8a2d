/** Pages of the repository become pages of the site: what their links lead to has another address there, or none. */
import { posix } from "node:path"
import { addressOf, type Package } from "./workspace.ts"

/** A page of the repository, by its path, and its address here. */
export type Addresses = ReadonlyMap<string, string>

/** The addresses of what is gathered; folders of packages lead to their pages. */
export const addressesOf = (packages: ReadonlyArray<Package>, others: Addresses): Addresses =>
  new Map([
    ...others,
    ...packages.flatMap((one) => [
      [one.folder, addressOf(one)] as const,
      [`${one.folder}/README.md`, addressOf(one)] as const
    ])
  ])

/** A page on its way from the repository to the site. */
export interface Move {
  readonly text: string
  /** Its path in the repository. */
  readonly from: string
  /** Its path below `pages`. */
  readonly to: string
}

const LINK = /(!?)\[((?:[^\][]|\[[^\]]*\])*)\]\(([^()\s]+)\)/g

/**
 * A page's text with links that work on the site. What is not on it (a source file, a folder) is named instead, as a path in
 * the repository; an image is taken from where it is.
 */
export const relink = ({ from, text, to }: Move, addresses: Addresses): string =>
  text.replace(LINK, (link, image: string, label: string, target: string) => {
    if (/^([a-z]+:|#|\/)/.test(target)) return link
    const [file = "", anchor] = target.split("#")
    const at = posix.join(posix.dirname(from), file).replace(/\/$/, "")
    if (image !== "") return `![${label}](${posix.relative(posix.dirname(`apps/docs/pages/${to}`), at)})`
    const address = addresses.get(at)
    if (address !== undefined) return `[${label}](${address}${anchor === undefined ? "" : `#${anchor}`})`
    return label.includes("`") ? label : `${label} (\`${at}\`)`
  })
