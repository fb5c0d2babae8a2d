/**
 * Opens a document: reads it, gathers its files, upgrades 2.0, applies overlays, checks it. What comes out is the one
 * tree that everything else looks at, and a way to report on it with positions in the texts it was made of.
 */
import { bundleInPlace, refersElsewhere } from "./bundle.ts"
import type { Diagnostic } from "./diagnostic.ts"
import { type Loaded, type Loader, LoadFault, resolveReference } from "./load.ts"
import { Origins } from "./origins.ts"
import { applyOverlay } from "./overlay.ts"
import { loadDiagnostic, type Problem, placed, type Report } from "./problem.ts"
import { checkRefCycles } from "./ref-cycles.ts"
import { checkStructure } from "./structure.ts"
import { isObject, type JsonObject } from "./tree.ts"
import { readVersion } from "./version.ts"

/** A document ready to generate from, and what was found on the way. */
export interface OpenedDocument {
  readonly root: JsonObject
  /** Where it was read from: an absolute path or a URL. */
  readonly reference: string
  readonly report: Report
}

/** Opens a document with its overlays (paths from the loader's folder, or URLs). `undefined` when that is impossible. */
export const openDocument = async (
  input: string,
  overlays: ReadonlyArray<string>,
  loader: Loader,
  diagnostics: Array<Diagnostic>
): Promise<OpenedDocument | undefined> => {
  const read = async (path: string): Promise<Loaded | undefined> => {
    const reference = resolveReference(path, { cwd: loader.cwd })
    try {
      return await loader.load(reference)
    } catch (error) {
      if (!(error instanceof LoadFault)) throw error
      diagnostics.push(loadDiagnostic(error, loader.nameOf(reference)))
      return undefined
    }
  }
  const [document, ...layers] = await Promise.all([input, ...overlays].map(read))
  if (document === undefined || layers.includes(undefined)) return undefined
  let origins = new Origins(document.source)
  let inWords = (text: string): string => text
  const report = ({ pointer, onKey, message, hint, ...problem }: Problem) => {
    const words = { message: inWords(message), hint: hint === undefined ? undefined : inWords(hint) }
    diagnostics.push(placed({ ...problem, ...words }, origins.locate(root, pointer, onKey)))
  }
  let root: JsonObject = isObject(document.value) ? document.value : {}
  const version = readVersion(document.value, report)
  if (version === undefined) return undefined
  if (refersElsewhere(root)) {
    const unresolved = await bundleInPlace(document, loader, origins)
    diagnostics.push(...unresolved)
    if (unresolved.length > 0) return undefined
  }
  if (version === "2.0") {
    const { inSwaggerWords, swaggerPointer, upgradeSwagger } = await import("./swagger.ts")
    root = upgradeSwagger(root)
    origins = new Origins(document.source, swaggerPointer)
    inWords = inSwaggerWords
  }
  for (const layer of layers) diagnostics.push(...applyOverlay(root, layer as Loaded, origins))
  checkRefCycles(root, report)
  if (diagnostics.some(({ severity }) => severity === "error")) return undefined
  await checkStructure(root, report)
  return { root, reference: document.source.reference, report }
}
