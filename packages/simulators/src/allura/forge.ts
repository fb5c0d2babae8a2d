/** What a simulated Allura holds: projects, their tools, tickets and wiki pages. */
import { randomBytes } from "node:crypto"
import { makeRandom } from "../random.ts"

/** An id of the database: 24 hexadecimal digits. */
export const newObjectId = (): string => randomBytes(12).toString("hex")

/** A time as Allura writes it. */
export const stamp = (millis: number): string => new Date(millis).toISOString().replace("T", " ").replace("Z", "000")

export interface Ticket {
  readonly _id: string
  readonly ticket_num: number
  summary: string
  description: string
  status: string
  reported_by: string
  assigned_to: string | null
  labels: ReadonlyArray<string>
  private: boolean
  discussion_disabled: boolean
  custom_fields: Readonly<Record<string, string>>
  readonly created_date: string
  mod_date: string
}

export interface WikiPage {
  readonly _id: string
  readonly title: string
  text: string
  labels: ReadonlyArray<string>
  mod_date: string
}

export interface Webhook {
  readonly _id: string
  hook_url: string
  secret: string
  mod_date: string
}

/** A tool of a project, at its mount point. */
export interface Tool {
  /** Its kind, such as `tickets`, `wiki` or `git`. */
  readonly name: string
  readonly mountPoint: string
  readonly label: string
  /** Of a tracker, by number. */
  readonly tickets: Map<number, Ticket>
  /** Of a wiki, by title. */
  readonly pages: Map<string, WikiPage>
  /** Of a repository. */
  readonly webhooks: Map<string, Webhook>
}

export interface Project {
  readonly _id: string
  readonly neighborhood: string
  readonly shortname: string
  readonly name: string
  readonly summary: string
  readonly private: boolean
  readonly created: string
  /** Users who administer it; only they see it when it is private. */
  readonly admins: ReadonlyArray<string>
  tools: Array<Tool>
  groupingThreshold: number
}

export interface Forge {
  readonly projects: Map<string, Project>
  /** Users who may add projects. */
  readonly neighborhoodAdmins: ReadonlySet<string>
  readonly users: ReadonlyMap<string, string>
}

/** The kinds of tools. Repositories may have freer mount points and cannot be exported; some kinds fit once into a project. */
export const kinds: Readonly<
  Record<
    string,
    {
      readonly label: string
      readonly about: string
      readonly repository?: true
      readonly most?: number
      readonly exportable: boolean
    }
  >
> = {
  tickets: { label: "Tickets", about: "Bugs, enhancements, tasks", exportable: true },
  wiki: { label: "Wiki", about: "Documentation written together", exportable: true },
  discussion: { label: "Discussion", about: "Forums for talk", exportable: true, most: 1 },
  blog: { label: "Blog", about: "News of the project", exportable: true, most: 1 },
  link: { label: "External Link", about: "A link to another site", exportable: true },
  git: { label: "Git", about: "A repository of Git", repository: true, exportable: false },
  admin: { label: "Admin", about: "Settings of the project", exportable: true, most: 1 }
}

export const keyOf = (neighborhood: string, shortname: string): string => `${neighborhood}/${shortname}`

/** A tool without content. */
export const newTool = (name: string, mountPoint: string, label: string): Tool => ({
  name,
  mountPoint,
  label,
  tickets: new Map(),
  pages: new Map(),
  webhooks: new Map()
})

const verbs = [
  "fails",
  "hangs",
  "is slow",
  "shows the wrong date",
  "loses its filter",
  "should be sortable",
  "needs a test",
  "crashes"
] as const
const things = [
  "Crew import",
  "Schedule export",
  "Login",
  "Nightly report",
  "Weather widget",
  "Gantt view",
  "CSV upload",
  "Search",
  "Mail digest"
] as const
const statuses = ["open", "open", "accepted", "pending", "closed", "wont-fix"] as const
const labels = ["backup", "ui", "import", "performance", "docs"] as const
const pages = ["Home", "Install", "Release checklist", "Runbook", "Data model", "Who to ask"] as const

/** The projects there are at the start: a public one with every kind of tool, a private one, and a nearly empty one. */
export const makeForge = (seed: number, now: number): Forge => {
  const random = makeRandom(seed * 32_452_843)
  const id = () => Array.from({ length: 24 }, () => random.between(0, 15).toString(16)).join("")
  const ago = (days: number) => stamp(now - random.between(0, days * 86_400_000))
  const fill = (tool: Tool) => {
    if (tool.name === "wiki") {
      for (const title of pages) {
        const text = `# ${title}\n\nThe ${random.pick(things).toLowerCase()} ${random.pick(verbs)}; see the tickets.`
        tool.pages.set(title, { _id: id(), title, text, labels: [], mod_date: ago(200) })
      }
    }
    for (let number = 1; tool.name === "tickets" && number <= 37; number++) {
      tool.tickets.set(number, {
        _id: id(),
        ticket_num: number,
        summary: `${random.pick(things)} ${random.pick(verbs)}`,
        description: "Seen on *staging* as well.",
        status: random.pick(statuses),
        reported_by: random.pick(["dana", "guest"]),
        assigned_to: random.chance(0.5) ? "dana" : null,
        labels: random.chance(0.5) ? [random.pick(labels)] : [],
        private: false,
        discussion_disabled: false,
        custom_fields: { _milestone: random.pick(["1.0", "1.1"]) },
        created_date: ago(400),
        mod_date: ago(100)
      })
    }
    return tool
  }
  const project = (
    shortname: string,
    name: string,
    isPrivate: boolean,
    mounted: ReadonlyArray<readonly [string, string]>
  ): Project => ({
    _id: id(),
    neighborhood: "p",
    shortname,
    name,
    summary: `${name}, kept in the open`,
    private: isPrivate,
    created: ago(2000),
    admins: ["dana"],
    tools: mounted.map(([kind, mountPoint]) => fill(newTool(kind, mountPoint, kinds[kind]?.label ?? kind))),
    groupingThreshold: 5
  })
  const all = [
    project("scaffold", "Scaffold", false, [
      ["tickets", "tickets"],
      ["wiki", "wiki"],
      ["discussion", "discussion"],
      ["blog", "news"],
      ["link", "website"],
      ["git", "code"],
      ["admin", "admin"]
    ]),
    project("vault", "Vault", true, [
      ["tickets", "bugs"],
      ["admin", "admin"]
    ]),
    project("seedling", "Seedling", false, [["admin", "admin"]])
  ]
  return {
    projects: new Map(all.map((one) => [keyOf(one.neighborhood, one.shortname), one])),
    neighborhoodAdmins: new Set(["dana"]),
    users: new Map([
      ["dana", "Dana Whitfield"],
      ["guest", "Guest Account"]
    ])
  }
}
