/** Exports: one a project at a time, ready after a while, with what could not be exported left out without a word. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Clock } from "../clock.ts"
import { HttpError } from "./errors.ts"
import { type Forge, kinds, type Project, type Tool } from "./forge.ts"
import { closedStatuses, openStatuses, pathOf, showPage, showProject, showTicket, trackerConfig } from "./view.ts"
import { zip } from "./zip.ts"

export interface Exports {
  /** Begins an export; the file's name. */
  begin(project: Project, mountPoints: ReadonlyArray<string>, origin: string): string
  isBusy(project: Project): boolean
  /** A finished export. */
  file(shortname: string, filename: string): Uint8Array | undefined
}

interface Running {
  readonly project: Project
  readonly tools: ReadonlyArray<Tool>
  readonly filename: string
  readonly origin: string
  readonly until: number
}

/** The JSON of a tool is what the interface shows of it. */
const contentOf = (project: Project, tool: Tool, origin: string, users: Forge["users"]): object => {
  const path = pathOf(project, tool)
  switch (tool.name) {
    case "tickets":
      return {
        tickets: [...tool.tickets.values()].map((ticket) => showTicket(ticket, origin, path)),
        ...trackerConfig(tool),
        custom_fields: [{ name: "_milestone", type: "milestone" }],
        open_status_names: openStatuses.join(" "),
        closed_status_names: closedStatuses.join(" ")
      }
    case "wiki":
      return { pages: [...tool.pages.values()].map((page) => showPage(page, origin, path)) }
    case "discussion":
      return { forums: [] }
    case "blog":
      return { posts: [] }
    case "admin":
      return showProject(project, origin, users)
    default:
      return { url: `https://${project.shortname}.example` }
  }
}

export const makeExports = (
  clock: Clock,
  forge: Forge,
  options: { readonly takes: number; readonly failing: ReadonlyArray<string>; readonly directory: string | undefined }
): Exports => {
  const running = new Map<string, Running>()
  const files = new Map<string, Uint8Array>()

  /** Finishes what is due: nobody looks between two requests, so this is soon enough. */
  const settle = () => {
    for (const [key, { project, tools, filename, origin, until }] of running) {
      if (clock.now() < until) continue
      running.delete(key)
      const done = tools.filter((tool) => !options.failing.includes(tool.mountPoint))
      // When every tool fails there is no file, and the status says ready all the same.
      if (done.length === 0) continue
      const bytes = zip(
        done.map((tool) => ({
          name: `${tool.mountPoint}.json`,
          text: JSON.stringify(contentOf(project, tool, origin, forge.users), null, 2)
        }))
      )
      files.set(`${project.shortname}/${filename}`, bytes)
      if (options.directory !== undefined) {
        mkdirSync(join(options.directory, project.shortname), { recursive: true })
        writeFileSync(join(options.directory, project.shortname, filename), bytes)
      }
    }
  }

  return {
    begin: (project, mountPoints, origin) => {
      settle()
      if (running.has(project._id)) throw new HttpError(503, `Export for project ${project.shortname} already running`)
      const tools = mountPoints.map((mountPoint) => project.tools.find((tool) => tool.mountPoint === mountPoint))
      const usable = tools.flatMap((tool) => (tool !== undefined && kinds[tool.name]?.exportable ? [tool] : []))
      if (usable.length === 0 || usable.length < tools.length) throw new HttpError(400, "Invalid tool")
      const [day, time] = new Date(clock.now()).toISOString().slice(0, 19).split("T") as [string, string]
      const filename = `${project.shortname}-backup-${day}-${time.replaceAll(":", "")}.zip`
      running.set(project._id, { project, tools: usable, filename, origin, until: clock.now() + options.takes })
      return filename
    },
    isBusy: (project) => {
      settle()
      return running.has(project._id)
    },
    file: (shortname, filename) => {
      settle()
      return files.get(`${shortname}/${filename}`)
    }
  }
}
