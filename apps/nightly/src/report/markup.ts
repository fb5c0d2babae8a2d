/** Text that becomes HTML only after escaping. */

/** A piece of HTML that is safe as it is. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = Markup | string | number | null | undefined | false | ReadonlyArray<Value>

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const render = (value: Value): string => {
  if (value === null || value === undefined || value === false) return ""
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(render).join("")
  return String(value).replace(/[&<>"']/g, (character) => entities[character] as string)
}

/** HTML from a template: every value is escaped unless it is `Markup` itself. */
export const html = (parts: TemplateStringsArray, ...values: ReadonlyArray<Value>): Markup =>
  new Markup(parts.map((part, i) => (i < values.length ? part + render(values[i]) : part)).join(""))
