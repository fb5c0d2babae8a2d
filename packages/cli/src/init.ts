/**
 * `keyturn init`: a config file, and where the document does not say how to sign in, an overlay to look over.
 */
import { existsSync, writeFileSync } from "node:fs"
import { GenerateError, type Inspection, inspectDocument } from "@keyturn/codegen"
import { printDiagnostics } from "./report.ts"

const configFile = "keyturn.config.ts"

/** Exit codes: 0 done, 1 the document is wrong, 2 there is a config already. */
export const runInit = async (document: string, signal: AbortSignal): Promise<number> => {
  if (existsSync(configFile)) {
    console.error(`keyturn init: there is a ${configFile} already; add the document to it by hand`)
    return 2
  }
  let inspection: Inspection
  try {
    inspection = await inspectDocument(document, { signal })
  } catch (error) {
    if (!(error instanceof GenerateError)) throw error
    printDiagnostics(error.diagnostics)
    console.error("\nNothing was written.")
    return 1
  }
  const { name, operations, described, proposal } = inspection
  console.log(`${document}: ${operations} operations.`)
  const overlay = proposal === undefined ? undefined : freeName(`${name}.overlay.yaml`)
  if (proposal !== undefined && overlay !== undefined) {
    writeFileSync(overlay, proposal.overlay)
    console.log(`\nIt does not say how to sign in. A proposal is in ${overlay}:`)
    for (const reason of proposal.reasons) console.log(`  - ${reason}`)
    console.log("Check it against the API's documentation before you rely on it.")
  } else if (described.length > 0) {
    console.log(`How to sign in is said by ${described.join(", ")}.`)
  } else {
    console.log("Nothing in it looks like a sign-in: a token obtained elsewhere is all that its client will take.")
  }
  writeFileSync(configFile, configText(name, document, overlay))
  console.log(`\n${configFile} is written. Next: keyturn generate`)
  return 0
}

const freeName = (name: string): string => {
  for (let number = 2; ; number++) {
    if (!existsSync(name)) return name
    name = name.replace(/(?:-\d+)?\.overlay\.yaml$/, `-${number}.overlay.yaml`)
  }
}

const configText = (name: string, document: string, overlay: string | undefined): string => {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
  const overlays = overlay === undefined ? "" : `\n      overlays: [${JSON.stringify(overlay)}],`
  return `import { defineConfig } from "keyturn"

export default defineConfig({
  apis: {
    ${key}: {
      document: ${JSON.stringify(document)},${overlays}
      out: ${JSON.stringify(`src/api/${name}`)}
    }
  }
})
`
}
