/**
 * Remembers which text each part of the document came from, after files were bundled and overlays applied.
 * Only seams are recorded; between two seams a part's place follows from its pointer.
 */
import type { Location, Pointer, Source } from "./source.ts"

/** The seams of one document. */
export class Origins {
  readonly #root: Source
  readonly #objects = new WeakMap<object, Location>()
  readonly #members = new WeakMap<object, Map<string, Location>>()
  readonly #translate: (pointer: Pointer) => Pointer

  /** `translate` turns a pointer into the root document as it is now into one into its text as it was written. */
  constructor(root: Source, translate: (pointer: Pointer) => Pointer = (pointer) => pointer) {
    this.#root = root
    this.#translate = translate
  }

  /** This object, and what is below it, was written at that place. */
  object(node: object, location: Location): void {
    this.#objects.set(node, location)
  }

  /** The member `key` of this object was written at that place, whatever its value. */
  member(node: object, key: string, location: Location): void {
    const members = this.#members.get(node) ?? new Map<string, Location>()
    members.set(key, location)
    this.#members.set(node, members)
  }

  /** Where the value at `pointer` of the document `root` was written. */
  locate(root: unknown, pointer: Pointer, onKey = false): Location {
    let node = root
    let source = this.#root
    let written: Array<string> = []
    let stitched = false
    for (const part of pointer) {
      if (typeof node !== "object" || node === null) break
      const parent: object = node
      node = Object.hasOwn(parent, part) ? (parent as Record<string, unknown>)[part] : undefined
      const seam =
        (typeof node === "object" && node !== null ? this.#objects.get(node) : undefined) ??
        this.#members.get(parent)?.get(part)
      if (seam === undefined) {
        written.push(part)
      } else {
        source = seam.source
        written = [...seam.pointer]
        stitched = true
      }
    }
    return { source, pointer: stitched ? written : this.#translate(written), onKey }
  }
}
