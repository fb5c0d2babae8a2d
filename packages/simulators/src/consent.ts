/** The page on which a person allows or refuses: plain HTML, so that a real browser, or a test, can click it. */
import { createHash, randomBytes } from "node:crypto"
import type { Clock } from "./clock.ts"

/** What the page shows. */
export interface ConsentPage {
  readonly service: string
  readonly client: string
  readonly user: string
  /** Scopes that the person may uncheck; none when the service has no scopes. */
  readonly scopes: ReadonlyArray<{ readonly name: string; readonly about: string }>
  /** Where the form is posted to. */
  readonly action: string
  /** Ties the answer to this page. */
  readonly ticket: string
  /** Name and value of the two buttons. */
  readonly allow: readonly [name: string, value: string]
  readonly deny: readonly [name: string, value: string]
}

/** Text as it may stand in HTML. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** A page of HTML around a body; the title is text, the body is HTML. */
export const htmlPage = (title: string, body: string): string => `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.4rem 1.2rem}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`

/** The page itself. */
export const consentPage = (page: ConsentPage): string => {
  const scopes = page.scopes
    .map(
      ({ name, about }) =>
        `<p><label><input type="checkbox" name="scope" value="${escapeHtml(name)}" checked> ${escapeHtml(about)}</label></p>`
    )
    .join("\n")
  const button = ([name, value]: readonly [string, string], text: string) =>
    `<button name="${escapeHtml(name)}" value="${escapeHtml(value)}">${text}</button>`
  return htmlPage(
    `Allow ${page.client}?`,
    `<p><strong>${escapeHtml(page.client)}</strong> asks to use ${escapeHtml(page.service)} for ${escapeHtml(page.user)}.</p>
<form method="post" action="${escapeHtml(page.action)}">
<input type="hidden" name="ticket" value="${escapeHtml(page.ticket)}">
${scopes}
<p>${button(page.allow, "Allow")} ${button(page.deny, "Deny")}</p>
</form>`
  )
}

/** Headers of a page that must not be framed or kept. */
export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer"
} as const

/** Requests that wait for a person's answer: each is answered once, within ten minutes. */
export interface Desk<Pending> {
  open(pending: Pending): string
  take(ticket: string): Pending | undefined
}

export const makeDesk = <Pending>(clock: Clock): Desk<Pending> => {
  const waiting = new Map<string, { readonly pending: Pending; readonly until: number }>()
  return {
    open: (pending) => {
      const ticket = randomBytes(16).toString("base64url")
      waiting.set(ticket, { pending, until: clock.now() + 600_000 })
      return ticket
    },
    take: (ticket) => {
      const found = waiting.get(ticket)
      waiting.delete(ticket)
      return found !== undefined && clock.now() < found.until ? found.pending : undefined
    }
  }
}

/** Whether a verifier belongs to a challenge (RFC 7636 §4.6). */
export const verifies = (verifier: string, challenge: string, method: string): boolean =>
  method === "plain" ? verifier === challenge : createHash("sha256").update(verifier).digest("base64url") === challenge

/** A URI with the parameters added to its query; those that are undefined are left out. */
export const withQuery = (uri: string, parameters: Readonly<Record<string, string | undefined>>): string => {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}
