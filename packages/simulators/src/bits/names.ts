/** The names that Bits gives to objects: `bits:`, a kind, `:`, an optional sub-category, `:` and a UUID. */

/** Whether a value is the name of an object of this kind. */
export const isNamed = (kind: "application" | "workflow", value: unknown): value is string =>
  typeof value === "string" && new RegExp(`^bits:${kind}:[^:]*:[0-9a-f-]{36}$`, "i").test(value)
/** Whether a value is a URL. */
export const isUrl = (value: unknown): value is string => typeof value === "string" && URL.canParse(value)
