/** Allura's errors: the framework's, whose form follows `Accept`, and the pages that take their place. */
import { escapeHtml, htmlPage } from "../consent.ts"

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable"
}

/** An error of the framework. `allow` is the header of a 405. */
export class HttpError extends Error {
  readonly status: number
  readonly allow: string | undefined
  constructor(status: number, detail = "", allow?: string) {
    super(detail)
    this.name = "HttpError"
    this.status = status
    this.allow = allow
  }
}

/** These become the site's own page, whatever the request accepts. */
const pages: ReadonlySet<number> = new Set([403, 404, 410, 500])

const header = (error: HttpError, contentType: string): ResponseInit => ({
  status: error.status,
  headers: { "content-type": contentType, ...(error.allow !== undefined && { allow: error.allow }) }
})

/** The answer for an error: JSON when it is accepted by name, HTML for whoever accepts anything, else text. */
export const errorAnswer = (error: HttpError, accept: string | null): Response => {
  const title = titles[error.status] ?? "Error"
  const code = `${error.status} ${title}`
  const html = () => htmlPage(code, `<p>${escapeHtml(error.message)}</p>`)
  if (pages.has(error.status)) return new Response(html(), header(error, "text/html; charset=utf-8"))
  if (accept?.includes("application/json")) {
    const message = `The request could not be served.<br /><br />\n${escapeHtml(error.message)}\n\n`
    return new Response(JSON.stringify({ message, code, title }), header(error, "application/json"))
  }
  return accept === null || accept.includes("text/plain")
    ? new Response(`${code}\n\n${error.message}\n`, header(error, "text/plain; charset=utf-8"))
    : new Response(html(), header(error, "text/html; charset=utf-8"))
}
