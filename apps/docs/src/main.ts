/** Builds the site (`build`, into `dist`), serves it while it is written (`dev`), or shows what was built (`preview`). */
import { build, createServer, serve } from "vitepress"
import { gather } from "./gather.ts"
import { here } from "./workspace.ts"

const [command = "build", outDir] = process.argv.slice(2)
if (command !== "preview") gather()
if (command === "build") await build(here, outDir === undefined ? {} : { outDir })
else if (command === "preview") await serve({ root: here })
else {
  const server = await createServer(here)
  await server.listen()
  server.printUrls()
}
