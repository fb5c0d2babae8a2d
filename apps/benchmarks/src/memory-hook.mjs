/** Loaded into every process of a generator: writes down at its end how much memory it had at most. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { isMainThread } from "node:worker_threads"

const folder = process.env.MEMORY_HOOK
if (isMainThread && folder !== undefined) {
  process.on("exit", () => writeFileSync(join(folder, String(process.pid)), String(process.resourceUsage().maxRSS)))
}
