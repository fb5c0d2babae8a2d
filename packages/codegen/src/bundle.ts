/**
 * A document in many files becomes one tree. Redocly's bundler knows where a reference may stand and what to hoist;
 * reading is ours, so that limits and positions hold for every file.
 */
import {
  BaseResolver,
  bundleDocument,
  createConfig,
  type Document,
  Source as RedoclySource,
  ResolveError
} from "@redocly/openapi-core"
import type { Diagnostic } from "./diagnostic.ts"
import { type Loaded, type Loader, LoadFault, resolveReference } from "./load.ts"
import type { Origins } from "./origins.ts"
import { loadDiagnostic, placed } from "./problem.ts"
import { typesOf } from "./redocly-types.ts"
import { cycleHint } from "./ref-cycles.ts"
import type { Pointer } from "./source.ts"
import { isObject, type JsonObject, localPointer } from "./tree.ts"

/** Whether anything in the tree refers to another file. A payload in an example may look like it; that costs only time. */
export const refersElsewhere = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(refersElsewhere)
  if (!isObject(value)) return false
  for (const key in value) {
    const member = value[key]
    if (typeof member === "object" ? refersElsewhere(member) : key === "$ref" && isElsewhere(member)) return true
  }
  return false
}

const isElsewhere = (reference: unknown): reference is string =>
  typeof reference === "string" && !reference.startsWith("#")

/** Gathers what `loaded` refers to into its own tree, in place. Returns what could not be read or resolved. */
export const bundleInPlace = async (
  loaded: Loaded,
  loader: Loader,
  origins: Origins
): Promise<ReadonlyArray<Diagnostic>> => {
  const resolver = new Resolver(loader, origins)
  const root: Document = {
    source: new RedoclySource(loaded.source.reference, loaded.source.text),
    parsed: loaded.value
  }
  resolver.remember(loaded, root)
  const references = new Map<JsonObject, { readonly reference: string; readonly base: string }>()
  resolver.references = references
  collectReferences(loaded.value, loaded.source.reference, references)
  const config = await createConfig({})
  let problems: Awaited<ReturnType<typeof bundleDocument>>["problems"]
  try {
    problems = (
      await bundleDocument({
        document: root,
        config,
        types: typesOf(loaded.value as JsonObject),
        externalRefResolver: resolver
      })
    ).problems
  } catch (error) {
    if (!String(error).includes("circular")) throw error
    const message = "references between these files lead in a circle"
    return [{ severity: "error", rule: "ref-cycle", message, hint: cycleHint, file: loaded.source.name }]
  }
  // The bundler fills a reference's object with what it refers to: from then on it was written there.
  for (const [node, { reference, base }] of references) {
    if (node.$ref !== undefined) continue
    const [file = "", fragment = ""] = reference.split("#")
    const target = await loader.load(resolveReference(file, { file: base })).catch(() => undefined)
    if (target !== undefined)
      origins.object(node, { source: target.source, pointer: localPointer(`#${fragment}`) ?? [] })
  }
  const diagnostics: Array<Diagnostic> = []
  for (const problem of problems) {
    const at = problem.location[0]
    if (problem.severity !== "error" || at === undefined || at.pointer === undefined) continue
    const file = resolver.loaded.get(at.source.absoluteRef) ?? loaded
    const pointer = localPointer(at.pointer) ?? []
    const reference = referenceAt(file.value, pointer, references)
    const diagnostic = await explain(reference, file, pointer, problem.message, loader)
    if (!diagnostics.some((known) => JSON.stringify(known) === JSON.stringify(diagnostic))) diagnostics.push(diagnostic)
  }
  return diagnostics
}

const referenceAt = (
  value: unknown,
  pointer: Pointer,
  references: ReadonlyMap<JsonObject, { readonly reference: string }>
): string | undefined => {
  let node = value
  for (const part of pointer) node = isObject(node) || Array.isArray(node) ? (node as JsonObject)[part] : undefined
  if (typeof node === "string") return node
  return isObject(node) ? (references.get(node)?.reference ?? (node.$ref as string | undefined)) : undefined
}

/** A reference that failed: because its file did (told where that went wrong), or because nothing is at its pointer. */
const explain = async (
  reference: string | undefined,
  from: Loaded,
  pointer: Pointer,
  message: string,
  loader: Loader
): Promise<Diagnostic> => {
  const place = { source: from.source, pointer: pointer.at(-1) === "$ref" ? pointer : [...pointer, "$ref"] }
  if (reference === undefined) return placed({ severity: "error", rule: "unresolved-ref", message }, place)
  const [file = "", fragment] = reference.split("#")
  const target = file === "" ? from.source.reference : resolveReference(file, { file: from.source.reference })
  try {
    const { source } = await loader.load(target)
    return placed(
      { severity: "error", rule: "unresolved-ref", message: `${source.name} has nothing at #${fragment ?? ""}` },
      place
    )
  } catch (error) {
    if (!(error instanceof LoadFault)) throw error
    if (error.source !== undefined) return loadDiagnostic(error, loader.nameOf(target))
    const { message, hint } = error
    return placed({ severity: "error", rule: "unresolved-ref", message, hint }, place)
  }
}

const collectReferences = (
  value: unknown,
  base: string,
  into: Map<JsonObject, { readonly reference: string; readonly base: string }>
): void => {
  if (Array.isArray(value)) {
    for (const item of value) collectReferences(item, base, into)
  } else if (isObject(value)) {
    if (typeof value.$ref === "string") into.set(value, { reference: value.$ref, base })
    for (const member of Object.values(value)) collectReferences(member, base, into)
  }
}

/** Redocly's reading, done by our loader; every object of every file but the first is marked with its place. */
class Resolver extends BaseResolver {
  readonly loaded = new Map<string, Loaded>()
  references: Map<JsonObject, { readonly reference: string; readonly base: string }> = new Map()
  readonly #loader: Loader
  readonly #origins: Origins
  readonly #documents = new Map<string, Promise<Document>>()

  constructor(loader: Loader, origins: Origins) {
    super()
    this.#loader = loader
    this.#origins = origins
  }

  remember(loaded: Loaded, document: Document): void {
    this.loaded.set(loaded.source.reference, loaded)
    this.#documents.set(loaded.source.reference, Promise.resolve(document))
  }

  override resolveExternalRef(base: string | null, reference: string): string {
    return base === null ? reference : resolveReference(reference, { file: base })
  }

  override resolveDocument<T = unknown>(base: string | null, reference: string): Promise<Document<T>> {
    const absolute = this.resolveExternalRef(base, reference)
    let document = this.#documents.get(absolute)
    if (document === undefined) {
      document = this.#load(absolute)
      this.#documents.set(absolute, document)
    }
    return document as Promise<Document<T>>
  }

  async #load(absolute: string): Promise<Document> {
    try {
      const loaded = await this.#loader.load(absolute)
      this.loaded.set(absolute, loaded)
      this.#mark(loaded)
      collectReferences(loaded.value, absolute, this.references)
      return { source: new RedoclySource(absolute, loaded.source.text), parsed: loaded.value }
    } catch (error) {
      throw new ResolveError(error as Error)
    }
  }

  #mark({ source, value }: Loaded): void {
    const mark = (node: unknown, pointer: Pointer): void => {
      if (typeof node !== "object" || node === null) return
      this.#origins.object(node, { source, pointer })
      for (const [key, child] of Object.entries(node)) mark(child, [...pointer, key])
    }
    mark(value, [])
  }
}
