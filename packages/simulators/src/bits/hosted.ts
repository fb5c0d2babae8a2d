/**
 * The hosted page on which an applicant goes through the flow of one application. The vendor has it on a host of its own,
 * `https://nocode.bits.bi?token=…`; here it is at the root.
 */
import type { Context, Hono } from "hono"
import { escapeHtml, htmlPage, pageHeaders, withQuery } from "../consent.ts"
import type { Application, ApplicationStatus } from "./applications.ts"
import type { BitsSwitches } from "./inferred.ts"
import type { BitsRejection, SessionClaims, Token } from "./tokens.ts"

interface Visit {
  readonly application: Application
  readonly claims: SessionClaims
}

/** Adds the page, and what its button does. */
export const addHosted = (
  app: Hono,
  parts: {
    readonly switches: BitsSwitches
    readonly find: (token: string) => Token | BitsRejection
    readonly applications: ReadonlyMap<string, Application>
    /** Moves an application on; nobody waits for the webhook. */
    readonly move: (application: Application, status: ApplicationStatus) => void
  }
): void => {
  const { applications, find, move, switches } = parts

  /** Applicants go through a flow once. */
  const finished = new Set<string>()
  /** The application that a session token is for, while its flow is still open. */
  const visit = (value: string): Visit | undefined => {
    const token = find(value)
    const claims = typeof token === "string" ? undefined : token.claims
    const application = applications.get(claims?.applicationId ?? "")
    if (claims === undefined || application === undefined) return undefined
    const open = ["NOT_STARTED", "IN_PROGRESS"].includes(application.status) && !finished.has(application.id)
    return open ? { application, claims } : undefined
  }
  const problem = (c: Context) =>
    c.body(
      htmlPage("This link does not work", "<p>It is too old, or was answered already. Ask for a new one.</p>"),
      401,
      pageHeaders
    )

  app.get("/", (c) => {
    const value = c.req.query("token") ?? ""
    const found = visit(value)
    if (found === undefined) return problem(c)
    const { application } = found
    if (application.status === "NOT_STARTED") move(application, "IN_PROGRESS")
    const body = `<p>You apply for <strong>${escapeHtml(application.organization.name)}</strong>.</p>
<form method="post" action="/"><input type="hidden" name="token" value="${escapeHtml(value)}"><p><button>Finish</button></p></form>`
    return c.body(htmlPage("Your application", body), 200, pageHeaders)
  })

  app.post("/", async (c) => {
    const found = visit(new URLSearchParams(await c.req.text()).get("token") ?? "")
    if (found === undefined) return problem(c)
    const { application, claims } = found
    finished.add(application.id)
    if (application.status !== switches.finishedStatus) move(application, switches.finishedStatus)
    c.header("cache-control", "no-store")
    return c.redirect(withQuery(claims.redirectUrl, { [switches.redirectParameter]: application.id }), 302)
  })
}
