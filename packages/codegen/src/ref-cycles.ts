/**
 * References that lead only to references, and back: no value is ever reached. A recursive schema is not one of them.
 */
import type { Report } from "./problem.ts"
import { get, isObject, type JsonObject, localPointer } from "./tree.ts"

export const cycleHint = "a reference must end at a value"

/** Reports each reference of a document that is part of such a circle. Later steps would follow it for ever. */
export const checkRefCycles = (root: JsonObject, report: Report): void => {
  const pointer: Array<string> = []
  const visit = (value: object): void => {
    if (isObject(value) && typeof value.$ref === "string" && leadsBack(root, value, value.$ref)) {
      const message = `${value.$ref} leads back to itself`
      report({ severity: "error", rule: "ref-cycle", message, hint: cycleHint, pointer: [...pointer, "$ref"] })
      return
    }
    for (const key in value) {
      const child = (value as Record<string, unknown>)[key]
      if (typeof child !== "object" || child === null) continue
      pointer.push(key)
      visit(child)
      pointer.pop()
    }
  }
  visit(root)
}

const leadsBack = (root: unknown, start: object, reference: string): boolean => {
  const seen = new Set<object>([start])
  for (let next: string | undefined = reference; next !== undefined; ) {
    const target = localPointer(next)
    if (target === undefined) return false
    const { value } = get(root, target)
    if (!isObject(value) || typeof value.$ref !== "string") return false
    if (seen.has(value)) return true
    seen.add(value)
    next = value.$ref
  }
  return false
}
