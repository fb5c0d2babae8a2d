/** How a resource of Allura answers: who asks, for which project, with which fields. */
import type { Context, Hono } from "hono"
import type { Ledger } from "../ledger.ts"
import { HttpError } from "./errors.ts"
import { type Forge, keyOf, type Project, type Tool } from "./forge.ts"
import { readForm } from "./form.ts"
import type { Parameters } from "./signature.ts"
import type { AlluraEvent } from "./tokens.ts"

/** A request, as a resource sees it. */
export interface Call {
  readonly c: Context
  /** The user; `undefined` for nobody. */
  readonly username: string | undefined
  /** Scheme, host and port that the request came to. */
  readonly origin: string
  /** A field of the form, or of the query; trimmed of nothing. */
  field(name: string): string | undefined
  /** All fields of the form. */
  readonly form: Parameters
  /** The project of the path. 404 when there is none; a private one is for its administrators. */
  project(): Project
  /** The same, for an administrator only. */
  administered(): Project
  /** The tool of the path. */
  tool(project: Project): Tool
}

export type Handler = (call: Call) => Response | Promise<Response>
export type Route = (method: "GET" | "POST" | "DELETE", template: string, handler: Handler) => void

export const makeRoute = (
  app: Hono,
  parts: {
    readonly forge: Forge
    readonly ledger: Ledger<AlluraEvent>
    readonly userOf: (request: Request, form: Parameters) => string | undefined
  }
): Route => {
  const { forge, ledger, userOf } = parts
  return (method, template, handler) => {
    app.on(method, template.replace(/\{(\w+)\}/g, ":$1"), async (c) => {
      ledger.request(`${method} ${template}`)
      const form = await readForm(c.req.raw)
      const username = userOf(c.req.raw, form)
      const parameter = (name: string) => c.req.param(name) ?? ""
      const refuse = (reason: string): never => {
        if (username === undefined) throw new HttpError(401, reason)
        ledger.note("requestForbidden", { account: username, operation: `${method} ${template}` })
        throw new HttpError(403, reason)
      }
      const project = () => {
        const found = forge.projects.get(keyOf(parameter("neighborhood"), parameter("project")))
        if (found === undefined) throw new HttpError(404, "There is no such project.")
        if (found.private && !found.admins.includes(username ?? "")) refuse("Read access required")
        return found
      }
      return handler({
        c,
        username,
        form,
        origin: new URL(c.req.url).origin,
        field: (name) => form.find(([field]) => field === name)?.[1] ?? c.req.query(name),
        project,
        administered: () => {
          const found = project()
          if (!found.admins.includes(username ?? "")) refuse("Admin access required")
          return found
        },
        tool: (found) => {
          const tool = found.tools.find(({ mountPoint }) => mountPoint === parameter("tool"))
          if (tool === undefined) throw new HttpError(404, "There is no such tool.")
          return tool
        }
      })
    })
  }
}
