/** What administrators of a project may do: export it, install and order its tools, and set up webhooks. */
import { randomBytes } from "node:crypto"
import type { Clock } from "../clock.ts"
import { HttpError } from "./errors.ts"
import type { Exports } from "./export.ts"
import { kinds, newObjectId, newTool, type Project, stamp, type Tool } from "./forge.ts"
import type { AlluraSwitches } from "./options.ts"
import type { Call, Handler, Route } from "./routes.ts"
import { showWebhook } from "./view.ts"

/** 1 to 63 of a–z, 0–9 and hyphens, not all digits, no hyphen at an end; a repository's may be freer. */
const isMountPoint = (text: string, repository: boolean): boolean =>
  text.length <= 63 &&
  !/^\d+$/.test(text) &&
  (repository ? /^[A-Za-z0-9]([A-Za-z0-9._+-]*[A-Za-z0-9])?$/ : /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/).test(text)

/** A POST that answers any other method with 405. */
const postOnly = (route: Route, template: string, handler: Handler) => {
  route("POST", template, handler)
  route("GET", template, () => {
    throw new HttpError(405, "Only POST is allowed.", "POST")
  })
}

const addWebhooks = (route: Route, admin: string, clock: Clock) => {
  const most = 3
  const path = `${admin}/{tool}/webhooks`
  const repository = (call: Call): { readonly project: Project; readonly tool: Tool } => {
    const project = call.administered()
    const tool = call.tool(project)
    if (!kinds[tool.name]?.repository) throw new HttpError(404, "This tool has no webhooks.")
    return { project, tool }
  }
  const hookOf = (call: Call, tool: Tool) => {
    const hook = tool.webhooks.get(call.c.req.param("id") ?? "")
    if (hook === undefined) throw new HttpError(404, "There is no such webhook.")
    return hook
  }
  const limits = (tool: Tool) => ({ max: most, used: tool.webhooks.size })
  const refuse = ({ c }: Call, error: string | object, more: object = {}) =>
    c.json({ result: "error", error, ...more }, 400)
  const isTaken = (tool: Tool, url: string) => [...tool.webhooks.values()].some((hook) => hook.hook_url === url)

  route("GET", path, (call) => {
    const { project, tool } = repository(call)
    const webhooks = [...tool.webhooks.values()].map((hook) => showWebhook(project, tool, hook, call.origin))
    return call.c.json({ webhooks, limits: { "repo-push": limits(tool) } })
  })

  route("POST", `${path}/repo-push`, (call) => {
    const { project, tool } = repository(call)
    const url = call.field("url") ?? ""
    if (!/^https?:/.test(url) || !URL.canParse(url)) return refuse(call, { url: "That is not a valid URL" })
    if (isTaken(tool, url)) return refuse(call, "_the_form: This webhook is there already")
    if (tool.webhooks.size >= most)
      return refuse(call, "You have reached the maximum number of webhooks", { limits: limits(tool) })
    const secret = call.field("secret") || randomBytes(20).toString("hex")
    const hook = { _id: newObjectId(), hook_url: url, secret, mod_date: stamp(clock.now()) }
    tool.webhooks.set(hook._id, hook)
    return call.c.json(showWebhook(project, tool, hook, call.origin), 201)
  })

  const one = `${path}/repo-push/{id}`
  route("GET", one, (call) => {
    const { project, tool } = repository(call)
    return call.c.json(showWebhook(project, tool, hookOf(call, tool), call.origin))
  })
  route("POST", one, (call) => {
    const { project, tool } = repository(call)
    const hook = hookOf(call, tool)
    const url = call.field("url") ?? hook.hook_url
    if (!/^https?:/.test(url) || !URL.canParse(url)) return refuse(call, { url: "That is not a valid URL" })
    if (url !== hook.hook_url && isTaken(tool, url)) return refuse(call, "_the_form: This webhook is there already")
    hook.hook_url = url
    hook.secret = call.field("secret") ?? hook.secret
    hook.mod_date = stamp(clock.now())
    return call.c.json(showWebhook(project, tool, hook, call.origin))
  })
  route("DELETE", one, (call) => {
    const { tool } = repository(call)
    tool.webhooks.delete(hookOf(call, tool)._id)
    return call.c.json({ result: "ok" })
  })
}

export const addAdmin = (route: Route, clock: Clock, exports: Exports, switches: AlluraSwitches): void => {
  const admin = "/rest/{neighborhood}/{project}/admin"

  postOnly(route, `${admin}/export`, (call) => {
    if (!switches.bulkExport) throw new HttpError(404, "Export is switched off.")
    const project = call.administered()
    const mountPoints = call.form
      .filter(([name]) => name === "tools")
      .flatMap(([, value]) => value.split(","))
      .map((mountPoint) => mountPoint.trim())
      .filter((mountPoint) => mountPoint !== "")
    if (mountPoints.length === 0) throw new HttpError(400, "No tools selected")
    return call.c.json({ status: "in progress", filename: exports.begin(project, mountPoints, call.origin) })
  })

  route("GET", `${admin}/export_status`, (call) =>
    call.c.json({ status: exports.isBusy(call.administered()) ? "busy" : "ready" })
  )

  const install = (call: Call): { readonly success: boolean; readonly info: string } => {
    const project = call.administered()
    const [tool, mountPoint, label] = [call.field("tool"), call.field("mount_point"), call.field("mount_label")]
    const order = call.field("order") ?? "last"
    if (!tool || !mountPoint || !label) return { success: false, info: "All arguments required." }
    const kind = kinds[tool.toLowerCase()]
    const used = project.tools.filter((one) => one.name === tool.toLowerCase()).length
    if (kind === undefined || used >= (kind.most ?? Number.POSITIVE_INFINITY)) {
      return { success: false, info: "Incorrect tool name, or limit is reached." }
    }
    if (project.tools.some((one) => one.mountPoint === mountPoint))
      return { success: false, info: "Mount point already exists." }
    if (!isMountPoint(mountPoint, kind.repository === true))
      return { success: false, info: `Mount point "${mountPoint}" is invalid` }
    if (!["first", "last", "alpha_tool"].includes(order))
      throw new HttpError(switches.badOrderStatus, "The order is not known.")
    const made = newTool(tool.toLowerCase(), mountPoint, label)
    const last = project.tools.map((one) => one.name).lastIndexOf(made.name)
    const at = order === "first" ? 0 : order === "alpha_tool" && last >= 0 ? last + 1 : project.tools.length
    project.tools.splice(at, 0, made)
    return { success: true, info: `Tool ${tool} with mount_point ${mountPoint} and mount_label ${label} was created.` }
  }
  postOnly(route, `${admin}/install_tool`, (call) => call.c.json(install(call)))

  route("GET", `${admin}/installable_tools`, (call) => {
    const project = call.administered()
    const tools = Object.entries(kinds)
      .filter(
        ([name, { most }]) =>
          project.tools.filter((one) => one.name === name).length < (most ?? Number.POSITIVE_INFINITY)
      )
      .map(([name, { label, about }]) => ({
        name: name.charAt(0).toUpperCase() + name.slice(1),
        description: about,
        icons: {},
        tool_label: label,
        // The default mount point is filled from the wrong attribute, so it says nothing.
        defaults: { default_options: {}, default_mount_label: label, default_mount_point: null }
      }))
    return call.c.json({ tools })
  })

  route("GET", `${admin}/admin_options`, (call) => {
    const project = call.administered()
    const mountPoint = call.c.req.query("mount_point")
    if (!mountPoint) throw new HttpError(400, "Must provide a mount point")
    const tool = project.tools.find((one) => one.mountPoint === mountPoint)
    if (tool === undefined) throw new HttpError(400, "The mount point you provided was invalid")
    const href = `/${project.neighborhood}/${project.shortname}/admin/${tool.mountPoint}/`
    return call.c.json({
      options: ["Permissions", "Options", "Label"].map((text) => ({
        text,
        href: href + text.toLowerCase(),
        className: null
      }))
    })
  })

  postOnly(route, `${admin}/mount_order`, (call) => {
    const project = call.administered()
    const places = call.form.filter(([name]) => /^\d+$/.test(name)).sort(([a], [b]) => Number(a) - Number(b))
    const ordered = places.flatMap(([, mountPoint]) => project.tools.find((one) => one.mountPoint === mountPoint) ?? [])
    if (places.length === 0 || ordered.length < places.length)
      throw new HttpError(400, "Expected a mount point for each place")
    project.tools = [...new Set([...ordered, ...project.tools])]
    return call.c.json({ status: "ok" })
  })

  postOnly(route, `${admin}/configure_tool_grouping`, (call) => {
    const project = call.administered()
    const threshold = Number(call.field("grouping_threshold"))
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > 10)
      throw new HttpError(400, "grouping_threshold must be 1 to 10")
    project.groupingThreshold = threshold
    return call.c.json({ status: "ok" })
  })

  addWebhooks(route, admin, clock)
}
