/** Records as the interface, and an export, show them. */
import type { Project, Ticket, Tool, Webhook, WikiPage } from "./forge.ts"

const thread = (id: string, subject: string) => ({ _id: id.slice(0, 8), discussion_id: id, subject, posts: [] })

export const pathOf = (project: Project, tool?: Tool): string =>
  `/${project.neighborhood}/${project.shortname}/${tool === undefined ? "" : `${tool.mountPoint}/`}`

export const showProject = (project: Project, origin: string, users: ReadonlyMap<string, string>) => ({
  _id: project._id,
  shortname: project.shortname,
  name: project.name,
  url: `${origin}${pathOf(project)}`,
  private: project.private,
  status: "active",
  summary: project.summary,
  short_description: project.summary,
  creation_date: project.created.slice(0, 10),
  external_homepage: null,
  preferred_support_tool: "",
  preferred_support_url: "",
  moved_to_url: "",
  icon_url: null,
  video_url: null,
  labels: [],
  developers: project.admins.map((username) => ({
    username,
    name: users.get(username) ?? username,
    url: `${origin}/u/${username}/`
  })),
  tools: project.tools.map((tool) => ({
    name: tool.name,
    mount_point: tool.mountPoint,
    label: tool.label,
    installable: tool.name !== "admin",
    url: pathOf(project, tool),
    api_url: `${origin}/rest${pathOf(project, tool)}`
  })),
  socialnetworks: [],
  screenshots: [],
  categories: {}
})

export const showTicketSummary = (ticket: Ticket, origin: string, path: string) => ({
  _id: ticket._id,
  ticket_num: ticket.ticket_num,
  summary: ticket.summary,
  status: ticket.status,
  reported_by: ticket.reported_by,
  assigned_to: ticket.assigned_to,
  labels: ticket.labels,
  private: ticket.private,
  discussion_disabled: ticket.discussion_disabled,
  votes_up: 0,
  votes_down: 0,
  created_date: ticket.created_date,
  mod_date: ticket.mod_date,
  related_artifacts: [],
  attachments: [],
  custom_fields: ticket.custom_fields,
  discussion_thread_url: `${origin}/rest${path}_discuss/thread/${ticket._id.slice(0, 8)}/`
})

export const showTicket = (ticket: Ticket, origin: string, path: string) => ({
  ...showTicketSummary(ticket, origin, path),
  description: ticket.description,
  discussion_thread: thread(ticket._id, ticket.summary)
})

export const trackerConfig = (tool: Tool) => ({
  tracker_config: {
    _id: "000000000000000000000001",
    options: { mount_point: tool.mountPoint, mount_label: tool.label }
  },
  milestones: ["1.0", "1.1"].map((name) => {
    const under = [...tool.tickets.values()].filter((ticket) => ticket.custom_fields._milestone === name)
    const closed = under.filter((ticket) => closedStatuses.includes(ticket.status)).length
    return {
      name,
      description: "",
      due_date: "",
      complete: false,
      default: name === "1.1",
      total: under.length,
      closed
    }
  }),
  saved_bins: []
})

export const openStatuses: ReadonlyArray<string> = ["open", "accepted", "pending"]
export const closedStatuses: ReadonlyArray<string> = ["closed", "wont-fix"]

export const showPage = (page: WikiPage, origin: string, path: string) => ({
  ...page,
  related_artifacts: [],
  attachments: [],
  discussion_thread: thread(page._id, page.title),
  discussion_thread_url: `${origin}/rest${path}_discuss/thread/${page._id.slice(0, 8)}/`
})

export const showRepository = (project: Project, tool: Tool, origin: string) => ({
  name: tool.name,
  url: pathOf(project, tool),
  api_url: `${origin}/rest${pathOf(project, tool)}`,
  mount_point: tool.mountPoint,
  mount_label: tool.label,
  commit_count: 412,
  clone_url_ro: `git://git.code.example/p/${project.shortname}/${tool.mountPoint}`,
  clone_url_https_anon: `https://git.code.example/p/${project.shortname}/${tool.mountPoint}`
})

export const showWebhook = (project: Project, tool: Tool, { _id, hook_url, mod_date }: Webhook, origin: string) => ({
  _id,
  type: "repo-push",
  hook_url,
  mod_date,
  url: `${origin}/rest${pathOf(project)}admin/${tool.mountPoint}/webhooks/repo-push/${_id}`
})
