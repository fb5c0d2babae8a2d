/**
 * Plain data as TypeScript, laid out as Biome and Prettier would: two spaces, 120 columns, no trailing commas.
 */
import { isObject } from "./tree.ts"

const width = 120

/** A literal, on one line where it fits. `before` is the room that the line's beginning takes. */
export const literal = (value: unknown, indent = "", before = indent.length): string => {
  const flat = oneLine(value)
  if (!flat.includes("\n") && before + flat.length <= width && !isLarge(value)) return flat
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${inner}${literal(item, inner)}`).join(",\n")}\n${indent}]`
  }
  if (isObject(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    const lines = members.map(([key, member]) => {
      const start = `${inner}${propertyName(key)}: `
      return `${start}${literal(member, inner, start.length + 1)}`
    })
    return `{\n${lines.join(",\n")}\n${indent}}`
  }
  return flat
}

/** Objects in objects read better one member a line, whatever their length. */
const isLarge = (value: unknown): boolean =>
  isObject(value) && Object.values(value).some((member) => isObject(member) && Object.values(member).some(isObject))

const oneLine = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`
  if (isObject(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    if (members.length === 0) return "{}"
    return `{ ${members.map(([key, member]) => `${propertyName(key)}: ${oneLine(member)}`).join(", ")} }`
  }
  return typeof value === "string" ? text(value) : String(value)
}

/** A string literal. JSON's is JavaScript's, since ES2019 in every character. */
export const text = (value: string): string => JSON.stringify(value)

/** A property's name, quoted where it has to be. `__proto__` is computed: as a literal it would set the prototype. */
export const propertyName = (name: string): string => {
  if (name === "__proto__") return '["__proto__"]'
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name)
}

/** A text as a documentation comment. What would end the comment early is defused. */
export const comment = (value: string, indent = ""): string => {
  const lines = value.trim().replaceAll("*/", "*\\/").split(/\r?\n/)
  if (lines.length === 1) return `${indent}/** ${lines[0]} */`
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`].join("\n")
}

/** A name in PascalCase, fit for a type. */
export const pascalCase = (name: string): string => {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "")
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")
  return /^[A-Za-z]/.test(joined) ? joined : `_${joined}`
}
