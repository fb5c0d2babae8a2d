/** Notes on projects. */
import { actorOf } from "./actor.ts"
import { invalid, notAllowed } from "./errors.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { seesAll } from "./persons.ts"
import { findProject } from "./projects.ts"
import { found, type Note } from "./records.ts"
import type { Id, World } from "./world.ts"

/** A message mentions users as `[[mention:userID#123]]`; each has to be one of the account. */
const readMessage =
  (world: World) =>
  (value: unknown, field: string): string => {
    const message = input.text(1)(value, field)
    for (const [mention, id] of message.matchAll(/\[\[mention:userID#(\d+)\]\]/g))
      if (!world.users.has(Number(id))) throw invalid(field, mention, "a mention of a user of the account")
    return message
  }

/** Adds notes. Whoever may read a project may write on it, but privately only with the right to private data. */
export const addNotes = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/projects/{projectId}/notes"

  const notesOf = (call: Call, projectId: Id): ReadonlyArray<Note> =>
    [...call.world.notes.values()].filter(
      (note) => note.projectId === projectId && (seesAll(call.principal) || !note.isPrivate)
    )
  const find = (call: Call): Note => {
    const id = call.id("id")
    return found(
      notesOf(call, findProject(call, "projectId").id).find((note) => note.id === id),
      "id",
      id
    )
  }
  const show = ({ projectId: _, ...note }: Note) => note
  const refusePrivate = (call: Call, isPrivate: boolean) => {
    if (isPrivate && !seesAll(call.principal)) throw notAllowed("Private notes need the right to private data.")
  }

  route("GET", base, (call) =>
    page(
      notesOf(call, findProject(call, "projectId").id),
      input.fromQuery(call.query, { offset: "number", limit: "number" }),
      { default: 100 },
      show
    )
  )

  route(
    "POST",
    base,
    (call) => {
      const { world, now } = call
      const project = findProject(call, "projectId")
      const fields = input.object(call.body)
      const isPrivate = input.optional(fields, "isPrivate", input.flag) ?? false
      refusePrivate(call, isPrivate)
      const { id: creatorId, name: creatorName } = actorOf(call)
      const note: Note = {
        id: world.nextId(),
        projectId: project.id,
        message: input.required(fields, "message", readMessage(world)),
        isPrivate,
        creatorId,
        creatorName,
        createdOn: now,
        lastModifiedOn: now
      }
      world.notes.set(note.id, note)
      return created(show(note))
    },
    "read"
  )

  route("GET", `${base}/{id}`, (call) => ok(show(find(call))))

  route(
    "PATCH",
    `${base}/{id}`,
    (call) => {
      const note = find(call)
      if (actorOf(call).id !== note.creatorId) throw notAllowed("Only who wrote a note can change it.")
      const fields = input.object(call.body)
      const isPrivate = input.changed(fields, "isPrivate", input.flag, note.isPrivate)
      refusePrivate(call, isPrivate)
      const message = input.changed(fields, "message", readMessage(call.world), note.message)
      return ok(show(Object.assign(note, { message, isPrivate, lastModifiedOn: call.now })))
    },
    "read"
  )

  route(
    "DELETE",
    `${base}/{id}`,
    (call) => {
      const note = find(call)
      if (actorOf(call).id !== note.creatorId && !seesAll(call.principal))
        throw notAllowed("Only who wrote a note, or an administrator, can remove it.")
      call.world.notes.delete(note.id)
      return done
    },
    "read"
  )
}
