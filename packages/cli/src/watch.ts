/**
 * Waiting for files to change.
 */
import { type FSWatcher, watch } from "node:fs"
import { basename, dirname } from "node:path"

/** Editors write in several steps: the change is over when nothing has happened for this long. */
const quietMillis = 100

/**
 * The first of the files to change, once the change is over. Their folders are watched, since editors replace a file
 * rather than write to it. Rejects when the signal aborts.
 */
export const changeOf = (files: ReadonlyArray<string>, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const watchers: Array<FSWatcher> = []
    let changed: string | undefined
    let timer: NodeJS.Timeout | undefined
    const end = () => {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
      signal.removeEventListener("abort", abort)
    }
    const abort = () => {
      end()
      reject(signal.reason)
    }
    signal.addEventListener("abort", abort)
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      const names = new Map(files.filter((file) => dirname(file) === folder).map((file) => [basename(file), file]))
      try {
        const watcher = watch(folder, (_, name) => {
          const file = name === null ? undefined : names.get(name)
          if (file === undefined) return
          changed ??= file
          clearTimeout(timer)
          timer = setTimeout(() => {
            end()
            resolve(changed as string)
          }, quietMillis)
        })
        watchers.push(watcher)
      } catch {
        // A folder that is not there cannot be watched; the other files still are.
      }
    }
  })
