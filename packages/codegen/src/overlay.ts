/**
 * Overlays: changes to a document that somebody else owns.
 *
 * @see https://spec.openapis.org/overlay/v1.1.0
 */
import { exec, type JsonValue } from "jsonpath-rfc9535"
import { type Diagnostic, didYouMean } from "./diagnostic.ts"
import type { Loaded } from "./load.ts"
import type { Origins } from "./origins.ts"
import { placed } from "./problem.ts"
import type { Location, Pointer } from "./source.ts"
import { isObject, type JsonObject } from "./tree.ts"

/** Applies the actions of one overlay to the tree, in place and in order. Returns what is wrong with the overlay. */
export const applyOverlay = (root: JsonObject, overlay: Loaded, origins: Origins): ReadonlyArray<Diagnostic> => {
  const diagnostics: Array<Diagnostic> = []
  const { source, value } = overlay
  const say = (
    severity: "error" | "warning",
    rule: string,
    message: string,
    pointer: Pointer,
    hint?: string,
    onKey = false
  ) => {
    diagnostics.push(placed({ severity, rule, message, hint }, { source, pointer, onKey }))
  }
  if (!isObject(value) || !/^1\.[01](?:\.\d+)?$/.test(String(value.overlay))) {
    const known = isObject(value) && value.overlay !== undefined
    const message = known ? `Overlay ${String(value.overlay)} is not supported` : "this is no overlay document"
    say(
      "error",
      "overlay-version",
      message,
      known ? ["overlay"] : [],
      "supported are Overlay 1.0 and 1.1: overlay: 1.1.0"
    )
    return diagnostics
  }
  for (const key of Object.keys(value)) {
    if (["overlay", "info", "extends", "actions"].includes(key) || key.startsWith("x-")) continue
    const hint = didYouMean(key, ["extends", "actions", "info"])
    say("error", "overlay-action", `"${key}" is not a key of an overlay`, [key], hint, true)
  }
  if (!Array.isArray(value.actions) || value.actions.length === 0) {
    say("error", "overlay-action", "an overlay needs a list of actions", value.actions === undefined ? [] : ["actions"])
    return diagnostics
  }
  for (const [index, action] of value.actions.entries()) {
    const at = ["actions", String(index)]
    if (!isObject(action)) {
      say("error", "overlay-action", "an action must be an object with a target", at)
      continue
    }
    const fault = checkAction(action)
    if (fault !== undefined) {
      say("error", "overlay-action", fault.message, [...at, ...fault.pointer], fault.hint, fault.pointer.length > 0)
      continue
    }
    try {
      const nodes = select(root, action.target as string)
      if (nodes.length === 0) {
        say(
          "warning",
          "overlay-unmatched",
          "this target matches nothing",
          [...at, "target"],
          unmatchedHint(root, action.target as string)
        )
      } else if (action.remove === true) {
        remove(root, nodes, origins)
      } else {
        const change =
          "copy" in action ? copied(root, action.copy as string, origins) : given(action.update, overlay, at)
        const mixed = new Set(nodes.map((node) => kindOf(node.value)))
        if (mixed.size > 1) throw new ActionFault(`this target matches ${[...mixed].join(" and ")}`, "target")
        for (const node of nodes) update(root, node, change, origins)
      }
    } catch (error) {
      if (!(error instanceof ActionFault)) throw error
      say("error", "overlay-action", error.message, [...at, ...error.pointer], error.hint)
    }
  }
  return diagnostics
}

class ActionFault extends Error {
  readonly pointer: Pointer
  readonly hint: string | undefined

  constructor(message: string, key: string, hint?: string) {
    super(message)
    this.pointer = key.split("/")
    this.hint = hint
  }
}

const actionKeys = ["target", "description", "update", "copy", "remove"]

const checkAction = (
  action: JsonObject
): { message: string; pointer: Pointer; hint?: string | undefined } | undefined => {
  for (const key of Object.keys(action)) {
    if (!actionKeys.includes(key) && !key.startsWith("x-")) {
      return { message: `"${key}" is not a key of an action`, pointer: [key], hint: didYouMean(key, actionKeys) }
    }
  }
  if (typeof action.target !== "string") {
    return { message: "an action needs a target", pointer: [], hint: "an RFC 9535 JSONPath, such as $.info" }
  }
  if (action.copy !== undefined && typeof action.copy !== "string") {
    return { message: '"copy" must be a JSONPath', pointer: ["copy"] }
  }
  if (action.remove !== undefined && typeof action.remove !== "boolean") {
    return { message: '"remove" must be true or false', pointer: ["remove"] }
  }
  if (action.remove !== true && !("update" in action) && !("copy" in action)) {
    return { message: "this action does nothing", pointer: [], hint: "add update, copy, or remove: true" }
  }
  if (action.remove !== true && "update" in action && "copy" in action) {
    return { message: "update and copy exclude each other", pointer: ["copy"], hint: "make two actions of them" }
  }
  return undefined
}

/** A selected value and where it is. */
interface Node {
  readonly value: unknown
  readonly pointer: Pointer
}

const select = (root: JsonObject, query: string, key = "target"): ReadonlyArray<Node> => {
  const nodes: Array<Node> = []
  try {
    exec(root as JsonValue, query, (value, path) => {
      nodes.push({ value, pointer: path.map((part) => (typeof part === "number" ? String(part) : unescapeKey(part))) })
    })
  } catch (error) {
    const { location, message } = error as { location?: { start: { column: number } }; message: string }
    const where = location === undefined ? "" : ` at character ${location.start.column}`
    throw new ActionFault(
      `this is not an RFC 9535 JSONPath${where}: ${message.replace(/^Expected .* but (.*) found\.$/s, "unexpected $1")}`,
      key,
      "paths begin with $; keys with other characters than letters and digits are quoted: $.paths['/pets'].get"
    )
  }
  return nodes
}

/** A key of a normalized path (RFC 9535 §2.7) as it is. */
const unescapeKey = (key: string): string =>
  key.replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, hex: string | undefined, char: string) =>
    hex === undefined
      ? ({ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }[char] ?? char)
      : String.fromCharCode(Number.parseInt(hex, 16))
  )

/** The longest beginning of an unmatched target that does match, with what is there instead. */
const unmatchedHint = (root: JsonObject, target: string): string | undefined => {
  const parts = /^\$((?:\.[A-Za-z_][\w-]*|\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\])+)$/.exec(target)?.[1]
  let node: unknown = root
  let path = "$"
  for (const part of parts?.match(/\.[A-Za-z_][\w-]*|\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]/g) ?? []) {
    const key = part.startsWith(".") ? part.slice(1) : part.slice(2, -2)
    if (!isObject(node)) return undefined
    if (!Object.hasOwn(node, key)) {
      const near = didYouMean(key, Object.keys(node))
      return near === undefined ? `${path} has no "${key}"` : `${path} has no "${key}": ${near}`
    }
    node = node[key]
    path += part
  }
  return undefined
}

const kindOf = (value: unknown): "objects" | "arrays" | "primitives" =>
  Array.isArray(value) ? "arrays" : isObject(value) ? "objects" : "primitives"

const parentOf = (root: JsonObject, pointer: Pointer): JsonObject | Array<unknown> => {
  let node: unknown = root
  for (const part of pointer.slice(0, -1)) node = (node as JsonObject)[part]
  return node as JsonObject | Array<unknown>
}

/** Gathers the parents before anything moves, and removes from the back, so that all indexes stay true. */
const remove = (root: JsonObject, nodes: ReadonlyArray<Node>, origins: Origins): void => {
  const keys = new Map<JsonObject | Array<unknown>, { readonly at: Pointer; readonly keys: Set<string> }>()
  for (const { pointer } of nodes) {
    const key = pointer.at(-1)
    if (key === undefined) throw new ActionFault("the document itself cannot be removed", "target")
    const parent = parentOf(root, pointer)
    const of = keys.get(parent) ?? { at: pointer.slice(0, -1), keys: new Set() }
    of.keys.add(key)
    keys.set(parent, of)
  }
  const places = [...keys].flatMap(([parent, { at }]) =>
    Array.isArray(parent)
      ? [[parent, parent.map((_, index) => origins.locate(root, [...at, String(index)]))] as const]
      : []
  )
  for (const [parent, of] of keys) {
    if (Array.isArray(parent)) continue
    for (const key of of.keys) delete parent[key]
  }
  for (const [parent, locations] of places) {
    const gone = keys.get(parent)?.keys
    const kept = parent.flatMap((value, index) =>
      gone?.has(String(index)) ? [] : [{ value, place: locations[index] }]
    )
    parent.splice(0, parent.length, ...kept.map(({ value }) => value))
    for (const [index, { place }] of kept.entries())
      if (place !== undefined) origins.member(parent, String(index), place)
  }
}

/** A value to merge in, and where it was written. */
interface Change {
  readonly value: unknown
  readonly key: "update" | "copy"
  readonly locate: (pointer: Pointer) => Location
}

const given = (value: unknown, { source }: Loaded, at: Pointer): Change => ({
  value,
  key: "update",
  locate: (pointer) => ({ source, pointer: [...at, "update", ...pointer] })
})

const copied = (root: JsonObject, query: string, origins: Origins): Change => {
  const nodes = select(root, query, "copy")
  const [node] = nodes
  if (node === undefined || nodes.length > 1) {
    throw new ActionFault(`"copy" must select one node, and this selects ${nodes.length}`, "copy")
  }
  const places = new Map<string, Location>()
  const walk = (value: unknown, pointer: Pointer): void => {
    places.set(JSON.stringify(pointer), origins.locate(root, [...node.pointer, ...pointer]))
    if (typeof value !== "object" || value === null) return
    for (const [key, child] of Object.entries(value)) walk(child, [...pointer, key])
  }
  walk(node.value, [])
  const whole = places.get("[]") as Location
  return {
    value: structuredClone(node.value),
    key: "copy",
    locate: (pointer) => places.get(JSON.stringify(pointer)) ?? whole
  }
}

const update = (root: JsonObject, { value, pointer }: Node, change: Change, origins: Origins): void => {
  const kind = kindOf(value)
  if (kind === "arrays") {
    append(value as Array<unknown>, change.value, [], change, origins)
  } else if (kind === "objects") {
    if (!isObject(change.value))
      throw new ActionFault(`an object cannot be merged with ${nameOf(change.value)}`, change.key)
    merge(value as JsonObject, change.value, [], change, origins)
  } else {
    if (kindOf(change.value) !== "primitives") {
      throw new ActionFault(`${nameOf(value)} cannot be replaced by ${nameOf(change.value)}`, change.key)
    }
    put(parentOf(root, pointer) as JsonObject, pointer.at(-1) as string, change.value, [], change, origins)
  }
}

const nameOf = (value: unknown): string =>
  Array.isArray(value) ? "an array" : isObject(value) ? "an object" : JSON.stringify(value)

const merge = (target: JsonObject, value: JsonObject, at: Pointer, change: Change, origins: Origins): void => {
  for (const [key, member] of Object.entries(value)) {
    const pointer = [...at, key]
    if (!Object.hasOwn(target, key)) {
      put(target, key, member, pointer, change, origins)
      continue
    }
    const old = target[key]
    const kinds = [kindOf(old), kindOf(member)]
    if (kinds[0] !== kinds[1]) {
      const message = `"${key}" is ${nameOf(old)}, and cannot be merged with ${nameOf(member)}`
      throw new ActionFault(
        message,
        [change.key, ...(change.key === "update" ? pointer : [])].join("/"),
        "remove it in an action before"
      )
    }
    if (kinds[0] === "objects") merge(old as JsonObject, member as JsonObject, pointer, change, origins)
    else if (kinds[0] === "arrays") append(old as Array<unknown>, member, pointer, change, origins)
    else put(target, key, member, pointer, change, origins)
  }
}

const append = (target: Array<unknown>, value: unknown, at: Pointer, change: Change, origins: Origins): void => {
  const items = Array.isArray(value)
    ? value.map((item, index) => [item, [...at, String(index)]] as const)
    : [[value, at] as const]
  for (const [item, pointer] of items) {
    put(target as unknown as JsonObject, String(target.length), item, pointer, change, origins)
  }
}

const put = (target: JsonObject, key: string, value: unknown, at: Pointer, change: Change, origins: Origins): void => {
  const own = structuredClone(value)
  Object.defineProperty(target, key, { value: own, writable: true, enumerable: true, configurable: true })
  const place = change.locate(at)
  origins.member(target, key, place)
  if (typeof own === "object" && own !== null) origins.object(own, place)
}
