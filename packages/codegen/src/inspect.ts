/**
 * A look at a document before anything is generated from it.
 */
import { type Diagnostic, GenerateError } from "./diagnostic.ts"
import { openDocument } from "./document.ts"
import { nameOf, type RunOptions } from "./generate.ts"
import { Loader, resolveReference } from "./load.ts"
import { operationsOf } from "./operations.ts"
import { type Proposal, proposeOverlay } from "./propose.ts"
import { readSchemes } from "./security-schemes.ts"
import { isObject } from "./tree.ts"

/**
 * The document that an overlay says it extends (`extends`), as a path or URL to generate from;
 * `undefined` when it does not say. An overlay that cannot be read says nothing: generating with it tells why.
 */
export const extendedDocument = async (overlay: string, cwd: string = process.cwd()): Promise<string | undefined> => {
  const reference = resolveReference(overlay, { cwd })
  const { value } = await new Loader(cwd).load(reference).catch(() => ({ value: undefined }))
  return isObject(value) && typeof value.extends === "string"
    ? resolveReference(value.extends, { file: reference })
    : undefined
}

/** What a document is, and what could be added to it. */
export interface Inspection {
  readonly name: string
  readonly operations: number
  /** The security schemes that say themselves how to sign in: by `x-session`, or by an OAuth flow. */
  readonly described: ReadonlyArray<string>
  /** An overlay to describe the session with, where nothing does and something looks like a sign-in. */
  readonly proposal: Proposal | undefined
}

/** Reads a document. Throws a `GenerateError` with everything that is wrong with it. */
export const inspectDocument = async (
  document: string,
  { cwd = process.cwd(), signal }: RunOptions = {}
): Promise<Inspection> => {
  const diagnostics: Array<Diagnostic> = []
  const loader = new Loader(cwd, signal)
  const opened = await openDocument(document, [], loader, diagnostics)
  if (opened === undefined) throw new GenerateError(diagnostics, loader.files)
  const { root, report } = opened
  const operations = operationsOf(root)
  const schemes = readSchemes(root, report)
  if (diagnostics.some(({ severity }) => severity === "error")) throw new GenerateError(diagnostics, loader.files)
  const described = [...schemes]
    .filter(([, { node, scheme }]) => node["x-session"] !== undefined || scheme.type === "oauth2")
    .map(([name]) => name)
  return {
    name: nameOf(document),
    operations: operations.length,
    described,
    proposal: described.length > 0 ? undefined : proposeOverlay(root, operations, schemes)
  }
}
