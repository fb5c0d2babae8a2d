/** Projects, tickets and wiki pages. */
import type { Clock } from "../clock.ts"
import { isJson } from "../headers.ts"
import { HttpError } from "./errors.ts"
import { type Forge, keyOf, newObjectId, newTool, type Project, stamp, type Ticket, type Tool } from "./forge.ts"
import type { AlluraSwitches } from "./options.ts"
import type { Call, Route } from "./routes.ts"
import { pathOf, showPage, showProject, showRepository, showTicket, showTicketSummary, trackerConfig } from "./view.ts"

const labelsOf = (text: string | undefined): ReadonlyArray<string> | undefined =>
  text
    ?.split(",")
    .map((label) => label.trim())
    .filter((label) => label !== "")

const pageOf = ({ c }: Call): { page: number; limit: number } => {
  const number = (name: string, otherwise: number, least: number) => {
    const value = Number(c.req.query(name) ?? otherwise)
    return Number.isInteger(value) && value >= least ? value : otherwise
  }
  return { page: number("page", 0, 0), limit: number("limit", 100, 1) }
}

/** As much of Solr's language as one asks for in tests: `field:value` and words, joined by AND. */
const finder = (query: string): ((ticket: Ticket) => boolean) => {
  const terms = query.split(/\s+AND\s+/i).map((term) => term.trim().replaceAll('"', ""))
  return (ticket) =>
    terms.every((term) => {
      const [, field, value] = /^(\w+):(.+)$/.exec(term) ?? []
      if (field === undefined || value === undefined)
        return `${ticket.summary} ${ticket.description}`.toLowerCase().includes(term.toLowerCase())
      if (field === "labels") return ticket.labels.includes(value)
      if (field === "ticket_num") return ticket.ticket_num === Number(value)
      return String((ticket as unknown as Record<string, unknown>)[field] ?? "") === value
    })
}

export const addArtifacts = (
  route: Route,
  forge: Forge,
  clock: Clock,
  { artifactsPerHour, defaultAdmin }: AlluraSwitches
): void => {
  const added = new Map<string, Array<number>>()
  /** Counts what a user adds; 429 when it is more than the site allows in an hour. */
  const meter = (username: string) => {
    const recent = (added.get(username) ?? []).filter((at) => at > clock.now() - 3_600_000)
    if (recent.length >= artifactsPerHour) throw new HttpError(429, "You have added too much; wait a while.")
    added.set(username, [...recent, clock.now()])
  }
  const adminOf = (admin: unknown, caller: string): ReadonlyArray<string> =>
    typeof admin === "string" && admin !== "" ? [admin] : defaultAdmin === "caller" ? [caller] : []
  const writer = ({ username }: Call): string => {
    if (username === undefined) throw new HttpError(401, "Log in to change something.")
    return username
  }
  const project = "/rest/{neighborhood}/{project}"

  route("POST", "/rest/{neighborhood}/add_project", async ({ c, username, origin }) => {
    if (username === undefined) throw new HttpError(401, "Admin access required")
    if (!forge.neighborhoodAdmins.has(username)) throw new HttpError(403, "Admin access required")
    const wrong = (error: string) => c.json({ error }, 400)
    if (!isJson(c.req.header("content-type"))) return wrong("The body must be JSON.")
    const body = (await c.req.json().catch(() => undefined)) as Record<string, unknown> | undefined | null
    const { admin, name, shortname, summary } = body ?? {}
    if (typeof name !== "string" || name === "") return wrong("name: Required")
    if (typeof shortname !== "string" || !/^[a-zA-Z0-9-]+$/.test(shortname))
      return wrong("shortname: Required, letters, digits and hyphens")
    const neighborhood = c.req.param("neighborhood") ?? ""
    if (forge.projects.has(keyOf(neighborhood, shortname))) return wrong("shortname: This project name is taken.")
    const made: Project = {
      _id: newObjectId(),
      neighborhood,
      shortname,
      name,
      summary: typeof summary === "string" ? summary : "",
      private: false,
      created: stamp(clock.now()),
      admins: adminOf(admin, username),
      tools: [newTool("admin", "admin", "Admin")],
      groupingThreshold: 5
    }
    forge.projects.set(keyOf(neighborhood, shortname), made)
    return c.json(
      { status: "success", html_url: `${origin}${pathOf(made)}`, url: `${origin}/rest${pathOf(made)}` },
      201
    )
  })

  route("GET", project, ({ c, project, origin }) => c.json(showProject(project(), origin, forge.users)))

  route("GET", `${project}/has_access`, ({ c, administered, field }) => {
    const found = administered()
    const [user, perm] = [field("user"), field("perm")]
    if (!user || !perm) throw new HttpError(404, "user and perm are needed.")
    const known = forge.users.has(user)
    return c.json({ result: known && (found.admins.includes(user) || (perm === "read" && !found.private)) })
  })

  route("GET", `${project}/{tool}`, (call) => {
    const { c, origin } = call
    const found = call.project()
    const tool = call.tool(found)
    if (tool.name === "wiki") return c.json({ pages: [...tool.pages.keys()] })
    if (tool.name === "git") return c.json(showRepository(found, tool, origin))
    if (tool.name !== "tickets") throw new HttpError(404, "This tool has no such interface here.")
    const { page, limit } = pageOf(call)
    const tickets = [...tool.tickets.values()].map(({ ticket_num, summary }) => ({ ticket_num, summary }))
    return c.json({
      tickets: tickets.slice(page * limit, (page + 1) * limit),
      count: tickets.length,
      page,
      limit,
      ...trackerConfig(tool)
    })
  })

  const tracker = (call: Call): { readonly found: Project; readonly tool: Tool } => {
    const found = call.project()
    const tool = call.tool(found)
    if (tool.name !== "tickets") throw new HttpError(404, "This tool has no tickets.")
    return { found, tool }
  }

  route("GET", `${project}/{tool}/search`, (call) => {
    const { found, tool } = tracker(call)
    const { page, limit } = pageOf(call)
    const q = call.c.req.query("q") ?? ""
    const tickets = [...tool.tickets.values()].filter(finder(q))
    return call.c.json({
      tickets: tickets
        .slice(page * limit, (page + 1) * limit)
        .map((one) => showTicketSummary(one, call.origin, pathOf(found, tool))),
      count: tickets.length,
      page,
      limit,
      q,
      sort: call.c.req.query("sort") ?? null,
      filter: {},
      filter_choices: {},
      solr_error: null
    })
  })

  const invalid = ({ c, form }: Call, errors: object) =>
    c.json(
      { status: "Validation Error", errors, value: Object.fromEntries(form), params: Object.fromEntries(form) },
      400
    )

  const toTicket = ({ c, origin }: Call, found: Project, tool: Tool, number: number) =>
    c.redirect(`${origin}/rest${pathOf(found, tool)}${number}/`, 302)

  /** The form's fields, each as it stands in the ticket; missing ones stay. */
  const change = (ticket: Ticket, call: Call) => {
    const field = (name: string) => call.form.find(([key]) => key === `ticket_form.${name}`)?.[1]
    ticket.summary = field("summary") ?? ticket.summary
    ticket.description = field("description") ?? ticket.description
    ticket.status = field("status") ?? ticket.status
    ticket.assigned_to = field("assigned_to") ?? ticket.assigned_to
    ticket.labels = labelsOf(field("labels")) ?? ticket.labels
    ticket.private = (field("private") ?? String(ticket.private)) === "true"
    ticket.discussion_disabled = (field("discussion_disabled") ?? String(ticket.discussion_disabled)) === "true"
    const custom = call.form.flatMap(([key, value]) =>
      key.startsWith("ticket_form.custom_fields.") ? [[key.slice(26), value]] : []
    )
    ticket.custom_fields = { ...ticket.custom_fields, ...(Object.fromEntries(custom) as Record<string, string>) }
    ticket.mod_date = stamp(clock.now())
  }

  route("POST", `${project}/{tool}/new`, (call) => {
    const { found, tool } = tracker(call)
    const username = writer(call)
    if (!call.form.some(([name, value]) => name === "ticket_form.summary" && value !== "")) {
      return invalid(call, { ticket_form: { summary: "You must provide a Title" } })
    }
    meter(username)
    const number = Math.max(0, ...tool.tickets.keys()) + 1
    const ticket: Ticket = {
      _id: newObjectId(),
      ticket_num: number,
      summary: "",
      description: "",
      status: "open",
      reported_by: username,
      assigned_to: null,
      labels: [],
      private: false,
      discussion_disabled: false,
      custom_fields: {},
      created_date: stamp(clock.now()),
      mod_date: stamp(clock.now())
    }
    change(ticket, call)
    tool.tickets.set(number, ticket)
    return toTicket(call, found, tool, number)
  })

  const ticketOf = (call: Call, tool: Tool): Ticket => {
    const ticket = tool.tickets.get(Number(call.c.req.param("artifact")))
    if (ticket === undefined) throw new HttpError(404, "There is no such ticket.")
    return ticket
  }

  route("POST", `${project}/{tool}/{artifact}/save`, (call) => {
    const { found, tool } = tracker(call)
    const ticket = ticketOf(call, tool)
    writer(call)
    if (call.form.some(([name, value]) => name === "ticket_form.summary" && value === "")) {
      return invalid(call, { ticket_form: { summary: "You must provide a Title" } })
    }
    change(ticket, call)
    return toTicket(call, found, tool, ticket.ticket_num)
  })

  route("GET", `${project}/{tool}/{artifact}`, (call) => {
    const found = call.project()
    const tool = call.tool(found)
    const path = pathOf(found, tool)
    if (tool.name === "tickets") return call.c.json({ ticket: showTicket(ticketOf(call, tool), call.origin, path) })
    const page = tool.pages.get(call.c.req.param("artifact") ?? "")
    if (page === undefined) throw new HttpError(404, "There is no such page.")
    return call.c.json(showPage(page, call.origin, path))
  })

  route("POST", `${project}/{tool}/{artifact}`, (call) => {
    const tool = call.tool(call.project())
    if (tool.name !== "wiki") throw new HttpError(404, "This tool has no pages.")
    const username = writer(call)
    const title = call.c.req.param("artifact") ?? ""
    const old = tool.pages.get(title)
    if (old === undefined) meter(username)
    tool.pages.set(title, {
      _id: old?._id ?? newObjectId(),
      title,
      text: call.field("text") ?? "",
      labels: labelsOf(call.field("labels")) ?? old?.labels ?? [],
      mod_date: stamp(clock.now())
    })
    return call.c.json({})
  })
}
