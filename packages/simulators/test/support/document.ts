/** Judges answers by an OpenAPI document: status, content type, headers and body, the last two by ajv. */
import { readFileSync } from "node:fs"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { parse } from "yaml"

type Json = Record<string, unknown>
type Operation = {
  readonly tags?: ReadonlyArray<string>
  readonly "x-pagination"?: Pagination
}

const pointerPart = (part: string) => part.replaceAll("~", "~0").replaceAll("/", "~1")

const readAs: Readonly<Record<string, (text: string) => unknown>> = {
  "application/json": (text) => JSON.parse(text),
  "application/x-www-form-urlencoded": (text) => Object.fromEntries(new URLSearchParams(text))
}

/** Headers that tell a client what to do: none of them comes without being declared. */
const telling = ["query-has-more", "www-authenticate", "location", "retry-after", "allow"]

/** A header's text as its schema sees it. */
const headerValue = (text: string, schema: Json | undefined): unknown =>
  schema?.type === "integer" ? Number(text) : schema?.type === "boolean" ? JSON.parse(text) : text

/** How the pages of an operation follow each other, in runtime expressions. */
export interface Pagination {
  readonly style: "offset"
  readonly offset: string
  readonly limit: string
  readonly more: string
  readonly items: string
}

/** A document that answers can be held against. */
export interface Judge {
  /**
   * Throws when the answer to this request is not one that the document allows, or when it is a success though the JSON
   * that was sent is not. Reads a copy of the answer's body.
   */
  check(method: string, url: string, answer: Response, sent?: unknown): Promise<void>
  /** The operations that were checked with a 2xx or 3xx answer, as `GET /path`. */
  readonly seen: ReadonlySet<string>
  /** All operations of the document. */
  readonly all: ReadonlyArray<string>
  /** The operations whose first tag is chosen. */
  tagged(choose: (tag: string) => boolean): ReadonlyArray<string>
  /** The paged operations, as `GET /path`, with what their `x-pagination` says. */
  readonly paged: ReadonlyMap<string, Pagination>
}

/** Reads `specs/<name>/openapi.yaml`. */
export const judgeBy = (name: string): Judge => {
  const document = parse(
    readFileSync(new URL(`../../../../specs/${name}/openapi.yaml`, import.meta.url), "utf8")
  ) as Json
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema({ $id: "doc:/", ...document })
  const compiled = new Map<string, ValidateFunction>()
  const at = (pointer: string) =>
    pointer
      .split("/")
      .slice(1)
      .reduce<unknown>((node, part) => (node as Json)?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], document) as
      | Json
      | undefined
  /** Follows `$ref` so that the pointer is one where the object itself stands. */
  const follow = (pointer: string): string => {
    const ref = at(pointer)?.$ref
    return typeof ref === "string" ? follow(ref.slice(1)) : pointer
  }

  const paths = Object.keys(document.paths as Json)
  // A path with a fixed part goes before one with a parameter in its place.
  const ordered = [...paths]
    .sort((a, b) => a.split("{").length - b.split("{").length)
    .map((template) => ({ template, pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`) }))
  const methods = ["get", "post", "put", "patch", "delete"]
  const templateOf = (path: string) => ordered.find(({ pattern }) => pattern.test(path))?.template
  const seen = new Set<string>()
  const operations = paths.flatMap((path) => {
    const item = (document.paths as Record<string, Record<string, Operation>>)[path] ?? {}
    return methods
      .filter((method) => method in item)
      .map((method) => ({
        name: `${method.toUpperCase()} ${path}`,
        tag: item[method]?.tags?.[0] ?? "",
        pagination: item[method]?.["x-pagination"]
      }))
  })

  const validator = (pointer: string): ValidateFunction => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `doc:/#${encodeURI(pointer)}` })
    compiled.set(pointer, validate)
    return validate
  }

  return {
    seen,
    all: operations.map(({ name }) => name),
    tagged: (choose) => operations.filter(({ tag }) => choose(tag)).map(({ name }) => name),
    paged: new Map(
      operations.flatMap(({ name, pagination }) => (pagination === undefined ? [] : [[name, pagination]]))
    ),
    check: async (method, url, answer, sent) => {
      const path = new URL(url).pathname
      const template = templateOf(path)
      const where = `${method} ${path} → ${answer.status}`
      if (template === undefined) throw new Error(`${where}: the document has no such path`)
      const operation = `/paths/${pointerPart(template)}/${method.toLowerCase()}`
      if (at(operation) === undefined) throw new Error(`${where}: the document has no such operation`)
      const response = follow(`${operation}/responses/${answer.status}`)
      const declared = at(response)
      if (declared === undefined) throw new Error(`${where}: the document has no such status`)
      const headers = new Map(
        Object.keys((declared.headers ?? {}) as Json).map((name) => [
          name.toLowerCase(),
          follow(`${response}/headers/${pointerPart(name)}`)
        ])
      )
      for (const name of telling)
        if (answer.headers.has(name) && !headers.has(name)) throw new Error(`${where}: ${name} is not declared`)
      for (const [name, header] of headers) {
        const value = answer.headers.get(name)
        if (value === null && at(header)?.required === true) throw new Error(`${where}: ${name} is missing`)
        const validate = validator(`${header}/schema`)
        if (value !== null && !validate(headerValue(value, at(follow(`${header}/schema`)))))
          throw new Error(`${where}: ${name}: ${ajv.errorsText(validate.errors)}`)
      }
      const text = await answer.clone().text()
      const content = declared.content as Json | undefined
      if (content === undefined) {
        if (text !== "") throw new Error(`${where}: a body where none is declared`)
      } else {
        const type = (answer.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? ""
        if (!(type in content)) throw new Error(`${where}: content type ${type} is not declared`)
        const validate = validator(`${response}/content/${pointerPart(type)}/schema`)
        const body: unknown = readAs[type]?.(text) ?? text
        if (!validate(body))
          throw new Error(`${where}: ${ajv.errorsText(validate.errors?.slice(0, 5))}\n${text.slice(0, 500)}`)
      }
      if (answer.status < 400 && sent !== undefined) {
        const body = follow(`${operation}/requestBody`)
        const validate = at(body) && validator(`${body}/content/application~1json/schema`)
        if (!validate) throw new Error(`${where}: a body was sent where none is declared`)
        if (!validate(sent)) throw new Error(`${where}: the request: ${ajv.errorsText(validate.errors?.slice(0, 5))}`)
      }
      if (answer.status < 400) seen.add(`${method} ${template}`)
    }
  }
}
