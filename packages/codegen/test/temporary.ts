import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** A folder with these files, gone when it leaves the scope. */
export const temporary = (files: Readonly<Record<string, string>> = {}) => {
  const path = mkdtempSync(join(tmpdir(), "keyturn-"))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return {
    path,
    /** Every file below it, by relative path. */
    list: () =>
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
        .sort(),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true })
  }
}
