/**
 * Opens a document: reads it, and prepares the one tree that everything else looks at.
 */
import type { Diagnostic } from "./diagnostic.ts"
import { type Loader, LoadFault, resolveReference } from "./load.ts"
import { Origins } from "./origins.ts"
import { loadDiagnostic, type Problem, placed, type Report } from "./problem.ts"
import { isObject, type JsonObject } from "./tree.ts"

/** A document ready to generate from, and what was found on the way. */
export interface OpenedDocument {
  readonly root: JsonObject
  readonly report: Report
  readonly diagnostics: Array<Diagnostic>
}

/** Opens the document that `input` (a path from the loader's folder, or a URL) names. */
export const openDocument = async (
  input: string,
  loader: Loader
): Promise<OpenedDocument | { readonly root: undefined; readonly diagnostics: Array<Diagnostic> }> => {
  const diagnostics: Array<Diagnostic> = []
  const reference = resolveReference(input, { cwd: loader.cwd })
  try {
    const { source, value } = await loader.load(reference)
    const origins = new Origins(source)
    const report = (problem: Problem) => {
      diagnostics.push(placed(problem, origins.locate(value, problem.pointer, problem.onKey)))
    }
    if (!isObject(value)) {
      report({ severity: "error", rule: "openapi-version", message: "this is no OpenAPI document", pointer: [] })
      return { root: undefined, diagnostics }
    }
    return { root: value, report, diagnostics }
  } catch (error) {
    if (!(error instanceof LoadFault)) throw error
    return { root: undefined, diagnostics: [loadDiagnostic(error, loader.nameOf(reference))] }
  }
}
