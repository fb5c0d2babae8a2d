/** Steps that are skipped as long as what they start from is unchanged. */
import { createHash } from "node:crypto"
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { work } from "./places.ts"

const fingerprint = (folder: string, patterns: ReadonlyArray<string>): string => {
  const hash = createHash("sha256")
  const files = globSync([...patterns], { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of files.sort()) {
    hash.update(file).update("\0").update(readFileSync(file)).update("\0")
  }
  return hash.digest("hex")
}

/**
 * Does `step` unless it succeeded before with the same files (`patterns`, below `folder`) and `output`, if given, is still there.
 */
export const once = async (
  name: string,
  folder: string,
  patterns: ReadonlyArray<string>,
  step: () => Promise<void>,
  output?: string
): Promise<void> => {
  mkdirSync(work, { recursive: true })
  const stamp = join(work, `${name}.stamp`)
  const now = fingerprint(folder, patterns)
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === now && (output === undefined || existsSync(output))) return
  await step()
  writeFileSync(stamp, now)
}
