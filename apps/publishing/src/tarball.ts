/** What is in a tarball. */
import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"

const BLOCK = 512

const text = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/** The files of an npm tarball, by their path in the package (tar(5), ustar and pax paths). */
export const filesOf = (path: string): ReadonlyMap<string, Uint8Array> => {
  const tar = new Uint8Array(gunzipSync(readFileSync(path)))
  const files = new Map<string, Uint8Array>()
  let long: string | undefined
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const header = tar.subarray(at, at + BLOCK)
    const size = Number.parseInt(text(header.subarray(124, 136)), 8)
    const type = String.fromCharCode(header[156] ?? 0)
    const content = tar.subarray(at + BLOCK, at + BLOCK + size)
    const [prefix, name] = [text(header.subarray(345, 500)), text(header.subarray(0, 100))]
    if (type === "x") long = /\d+ path=(.*)\n/.exec(new TextDecoder().decode(content))?.[1]
    else {
      const full = long ?? (prefix === "" ? name : `${prefix}/${name}`)
      if (type === "0" || type === "\0") files.set(full.replace(/^package\//, ""), content)
      long = undefined
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}
