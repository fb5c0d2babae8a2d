/**
 * What an account of some years has gathered beside its people and projects: users, fields, certificates, notes, tasks and
 * the like. It is made after these, by a chance of its own, so that it changes nothing about them.
 */
import { makeRandom } from "../random.ts"
import { dayOf } from "./days.ts"
import { addCertificates, addExperiences, addFields, addFieldValues } from "./furnish-persons.ts"
import { addCategories, addTasks } from "./furnish-projects.ts"
import { addLogins } from "./furnish-users.ts"
import { instant, type Parts } from "./furnishing.ts"
import type { Principal } from "./options.ts"
import type { Field } from "./records.ts"
import { offices, notes as texts } from "./words.ts"
import type { World } from "./world.ts"

const addGroupings = (parts: Parts): void => {
  const { world, random } = parts
  for (const name of offices) {
    const id = world.nextId()
    world.groupings.set(id, { id, name, lastModifiedOn: instant(parts, 300) })
  }
  const ids = [...world.groupings.keys()]
  for (const owner of [...world.persons.values(), ...world.projects.values()])
    if (random.chance(0.7)) owner.groupings = [random.pick(ids)]
}

const addNotes = (parts: Parts): void => {
  const { world, random } = parts
  const users = [...world.users.values()]
  for (const project of world.projects.values()) {
    for (let n = random.between(0, 3); n > 0; n--) {
      const { id: creatorId, name: creatorName } = random.pick(users)
      const id = world.nextId()
      const createdOn = instant(parts, 200)
      const [message, isPrivate] = [random.pick(texts), random.chance(0.15)]
      const note = { id, projectId: project.id, message, isPrivate, creatorId, creatorName, createdOn }
      world.notes.set(id, { ...note, lastModifiedOn: createdOn })
    }
  }
}

const addActivities = (parts: Parts): void => {
  const { world, random } = parts
  const users = [...world.users.values()]
  const allocations = [...world.allocations.values()]
  const made = Array.from({ length: 120 }, () => {
    const { id, name } = random.pick(users)
    const { roleId, personId, startDate, endDate } = random.pick(allocations)
    return {
      happenedOn: instant(parts, 60),
      triggeredByUserId: id,
      triggeredByUserName: name,
      triggeredByUserType: "Member" as const,
      activityType: random.pick(["AllocationCreated", "AllocationUpdated"]),
      personId,
      projectId: world.roles.get(roleId)?.projectId ?? null,
      roleId,
      payload: { roleId, personId, startDate, endDate },
      diff: null,
      groupingIds: world.persons.get(personId)?.groupings ?? null
    }
  })
  world.activities.push(...made.sort((a, b) => (a.happenedOn < b.happenedOn ? -1 : 1)))
}

/** Adds all of it to a world that has people and projects. */
export const furnish = (
  world: World,
  options: {
    readonly seed: number
    readonly now: number
    readonly users: number
    readonly principals: ReadonlyArray<Principal>
  }
): void => {
  const random = makeRandom(options.seed * 104_729 + world.account.id)
  const parts: Parts = { world, random, today: dayOf(options.now), principals: options.principals }
  addLogins(parts, options.users)
  addGroupings(parts)
  const fields = addFields(parts)
  addFieldValues(parts, fields)
  addExperiences(parts, fields.get("project Sector") as Field)
  addCertificates(parts)
  addNotes(parts)
  addCategories(parts)
  addTasks(parts)
  addActivities(parts)
  for (let n = 0; n < 2; n++) world.sharedFilters.add(world.nextUuid())
}
