/**
 * Reads documents from files and http(s) URLs, once each, within limits.
 */
import { readFile, stat } from "node:fs/promises"
import { relative, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { ParseFault, parseText } from "./parse.ts"
import { Source } from "./source.ts"

/** A document could not be read. The message says why; `source` and the offsets tell where when its text was there. */
export class LoadFault extends Error {
  readonly rule: string
  readonly hint: string | undefined
  readonly source: Source | undefined
  readonly start: number | undefined
  readonly end: number | undefined

  constructor(
    rule: string,
    message: string,
    options: { hint?: string | undefined; source?: Source; start?: number | undefined; end?: number | undefined } = {}
  ) {
    super(message)
    this.rule = rule
    this.hint = options.hint
    this.source = options.source
    this.start = options.start
    this.end = options.end
  }
}

/** A text and what it says. */
export interface Loaded {
  readonly source: Source
  readonly value: unknown
}

/** The largest document read, in bytes: eight times GitHub's. Beyond it, memory runs out before patience does. */
export const largestDocument = 100 * 1024 * 1024

const timeoutMillis = 30_000

export const isUrl = (reference: string): boolean => /^https?:\/\//i.test(reference)

/** An absolute path or URL for a reference found in `base` (itself absolute), or given relative to the folder `cwd`. */
export const resolveReference = (
  reference: string,
  base: { readonly cwd: string } | { readonly file: string }
): string => {
  if (isUrl(reference)) return reference
  if (reference.startsWith("file:")) return fileURLToPath(reference)
  if ("cwd" in base) return resolve(base.cwd, reference)
  if (isUrl(base.file)) return new URL(reference, base.file).href
  return fileURLToPath(new URL(reference, pathToFileURL(base.file)))
}

/** Loads each absolute reference once. */
export class Loader {
  readonly cwd: string
  readonly #signal: AbortSignal | undefined
  readonly #loaded = new Map<string, Promise<Loaded>>()

  constructor(cwd: string, signal?: AbortSignal) {
    this.cwd = cwd
    this.#signal = signal
  }

  load(reference: string): Promise<Loaded> {
    let loaded = this.#loaded.get(reference)
    if (loaded === undefined) {
      loaded = this.#read(reference)
      this.#loaded.set(reference, loaded)
    }
    return loaded
  }

  /** The files (not URLs) that were asked for, whether or not they could be read. */
  get files(): ReadonlyArray<string> {
    return [...this.#loaded.keys()].filter((reference) => !isUrl(reference))
  }

  nameOf(reference: string): string {
    if (isUrl(reference)) return withoutSecrets(reference)
    const path = relative(this.cwd, reference)
    return path === "" ? "." : path.replaceAll("\\", "/")
  }

  async #read(reference: string): Promise<Loaded> {
    const name = this.nameOf(reference)
    const bytes = isUrl(reference) ? await fetchText(reference, name, this.#signal) : await readText(reference, name)
    const text = bytes.charCodeAt(0) === 0xfeff ? bytes.slice(1) : bytes
    try {
      const { value, json } = parseText(text)
      return { source: new Source(reference, name, text, json), value }
    } catch (error) {
      if (!(error instanceof ParseFault)) throw error
      const source = new Source(reference, name, text, false)
      throw new LoadFault(error.rule, error.message, { hint: error.hint, source, start: error.start, end: error.end })
    }
  }
}

const tooLarge = (size: number): LoadFault =>
  new LoadFault("document-size", `the document is larger than ${largestDocument / 1024 / 1024} MB`, {
    hint: `${(size / 1024 / 1024).toFixed(0)} MB is most likely not an OpenAPI description; split it, or remove examples`
  })

const readText = async (path: string, name: string): Promise<string> => {
  try {
    const stats = await stat(path)
    if (stats.isDirectory()) {
      throw new LoadFault("unreadable-document", `${name} is a folder`, { hint: "name the document inside it" })
    }
    if (stats.size > largestDocument) throw tooLarge(stats.size)
    return await readFile(path, "utf8")
  } catch (error) {
    if (error instanceof LoadFault) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new LoadFault("unreadable-document", `there is no file ${name}`, {
        hint: "paths are relative to the working directory, or to the file that refers to them"
      })
    }
    if (code === "EACCES" || code === "EPERM") {
      throw new LoadFault("unreadable-document", `${name} may not be read`, { hint: "check the file's permissions" })
    }
    throw new LoadFault("unreadable-document", `${name} cannot be read: ${(error as Error).message}`)
  }
}

const fetchText = async (url: string, name: string, signal: AbortSignal | undefined): Promise<string> => {
  const deadline = AbortSignal.timeout(timeoutMillis)
  try {
    const response = await fetch(credentialsToHeader(url), {
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    })
    if (!response.ok) {
      await response.body?.cancel()
      throw new LoadFault("unreachable-document", `${name} answered ${response.status} ${response.statusText}`.trim(), {
        hint: "open the URL in a browser: is it public, and the document itself?"
      })
    }
    const text = await bounded(response)
    if (/^\s*<(?:!doctype|html)/i.test(text)) {
      throw new LoadFault("unreachable-document", `${name} answered an HTML page`, {
        hint: "give the URL of the document itself: often the page's .json or .yaml, or a “raw” link"
      })
    }
    return text
  } catch (error) {
    if (error instanceof LoadFault || signal?.aborted) throw error
    const reason = deadline.aborted ? `no answer within ${timeoutMillis / 1000} seconds` : causeOf(error)
    throw new LoadFault("unreachable-document", `${name} cannot be fetched: ${reason}`, {
      hint: "check the address and the network; a proxy is taken from NODE_USE_ENV_PROXY and HTTPS_PROXY"
    })
  }
}

/** Reads a body, and stops when it grows past the limit whatever its Content-Length says. */
const bounded = async (response: Response): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > largestDocument) throw tooLarge(size)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const causeOf = (error: unknown): string => {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error))
}

/** `fetch` refuses user information in a URL: send it as RFC 7617 would. */
const credentialsToHeader = (url: string): Request => {
  const target = new URL(url)
  const { username, password } = target
  if (username === "" && password === "") return new Request(target)
  target.username = ""
  target.password = ""
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return new Request(target, { headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } })
}

const withoutSecrets = (url: string): string => {
  const shown = new URL(url)
  shown.username = ""
  shown.password = ""
  for (const key of shown.searchParams.keys()) {
    if (/token|key|secret|sig|password/i.test(key)) shown.searchParams.set(key, "…")
  }
  return shown.href
}
