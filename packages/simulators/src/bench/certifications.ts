/** Certifications: what people are certified for, and until when. */
import { type Day, plus } from "./days.ts"
import { duplicate, invalid } from "./errors.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { findPerson } from "./persons.ts"
import { byName, type Certification, found, type PersonCertification, refuseTaken } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { Id, World } from "./world.ts"

const held = (world: World, keep: (one: PersonCertification) => boolean): ReadonlyArray<PersonCertification> =>
  [...world.personCertifications].filter(keep)

const show = (world: World, certification: Certification): Schema<"Certification"> => ({
  ...certification,
  inUse: held(world, (one) => one.certificationId === certification.id).map(({ personId }) => personId)
})

const stateOf = ({ expiryDate }: PersonCertification, days: number | null, today: Day) => {
  if (expiryDate === null) return "Info"
  if (expiryDate < today) return "Expired"
  return days !== null && expiryDate <= plus(today, days) ? "Warning" : "Info"
}

const showHeld = ({ world, today }: Call, one: PersonCertification): Schema<"PersonCertification"> => {
  const { name, abbreviation, daysWarnBeforeExpire } = findCertification(world, one.certificationId)
  const { certificationId: id, personId, ...rest } = one
  return {
    id,
    name,
    abbreviation,
    daysWarnBeforeExpire,
    ...rest,
    hasAttachment: [...world.attachments.values()].some(
      (attachment) => attachment.personId === personId && attachment.certificationIds.has(id)
    ),
    state: stateOf(one, daysWarnBeforeExpire, today)
  }
}

const findCertification = (world: World, id: Id): Certification => found(world.certifications.get(id), "id", id)

/** The certification that a person has. */
export const findHeld = ({ world }: Call, personId: Id, id: Id): PersonCertification =>
  found(held(world, (one) => one.personId === personId && one.certificationId === id)[0], "id", id)

/** Removes a certification from somebody, and its links to attachments. */
const withdraw = (world: World, one: PersonCertification): void => {
  world.personCertifications.delete(one)
  for (const attachment of world.attachments.values())
    if (attachment.personId === one.personId) attachment.certificationIds.delete(one.certificationId)
}

const addAccount = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/certifications"
  const warning = input.whole(1, 365)

  route("GET", base, ({ world, query }) =>
    page(
      [...world.certifications.values()].sort(byName),
      input.fromQuery(query, { offset: "number", limit: "number" }),
      { default: 1000 },
      (one) => show(world, one)
    )
  )

  route("POST", base, ({ world, body }) => {
    const fields = input.object(body)
    const certification: Certification = {
      id: world.nextId(),
      name: input.required(fields, "name", input.text(1, 250)),
      abbreviation: input.replaced(fields, "abbreviation", input.text(), null),
      requireExpiration: input.optional(fields, "requireExpiration", input.flag) ?? false,
      daysWarnBeforeExpire: input.replaced(fields, "daysWarnBeforeExpire", warning, null)
    }
    refuseTaken(world.certifications.values(), certification.name)
    world.certifications.set(certification.id, certification)
    return created(show(world, certification))
  })

  route("GET", `${base}/{id}`, ({ world, id }) => ok(show(world, findCertification(world, id("id")))))

  route("PATCH", `${base}/{id}`, ({ world, body, id }) => {
    const certification = findCertification(world, id("id"))
    const fields = input.object(body)
    // The vendor sends texts here for what is a flag and a number elsewhere.
    const flag = (value: unknown, field: string) => input.oneOf("true", "false")(value, field) === "true"
    const number = (value: unknown, field: string) => warning(typeof value === "string" ? Number(value) : value, field)
    const name = input.optional(fields, "name", input.text(1, 250)) ?? certification.name
    const patch = {
      name,
      abbreviation: input.replaced(fields, "abbreviation", input.text(), certification.abbreviation),
      requireExpiration: input.optional(fields, "requireExpiration", flag) ?? certification.requireExpiration,
      daysWarnBeforeExpire: input.replaced(fields, "daysWarnBeforeExpire", number, certification.daysWarnBeforeExpire)
    }
    refuseTaken(world.certifications.values(), name, certification)
    Object.assign(certification, patch)
    return done
  })

  route("DELETE", `${base}/{id}`, ({ world, id }) => {
    const certification = findCertification(world, id("id"))
    for (const one of held(world, ({ certificationId }) => certificationId === certification.id)) withdraw(world, one)
    world.certifications.delete(certification.id)
    return done
  })
}

/** The dates and the description of a request. */
const readHeld = (certification: Certification, fields: input.Fields) => {
  const expiryDate = input.replaced(fields, "expiryDate", input.day, null)
  if (certification.requireExpiration && expiryDate === null)
    throw invalid("expiryDate", null, "given: this certification runs out")
  return {
    expiryDate,
    certificationDate: input.replaced(fields, "certificationDate", input.day, null),
    certificationDescription: input.replaced(fields, "certificationDescription", input.text(0, 255), null)
  }
}

const addPersons = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/persons/{personId}/certifications"
  const named = (call: Call) => (a: PersonCertification, b: PersonCertification) =>
    byName(findCertification(call.world, a.certificationId), findCertification(call.world, b.certificationId))

  route("GET", base, (call) => {
    const fields = input.fromQuery(call.query, { offset: "number", limit: "number", ids: "ids" })
    const ids = input.optional(fields, "ids", input.ids)
    const person = findPerson(call, call.id("personId"))
    const mine = held(call.world, (one) => one.personId === person.id && (ids?.includes(one.certificationId) ?? true))
    return page([...mine].sort(named(call)), fields, { default: 1000 }, (one) => showHeld(call, one))
  })

  route("POST", base, (call) => {
    const { world } = call
    const person = findPerson(call, call.id("personId"))
    const fields = input.object(call.body)
    const certification = findCertification(world, input.required(fields, "certificationId", input.id))
    const { id } = certification
    if (held(world, (one) => one.personId === person.id && one.certificationId === id).length > 0)
      throw duplicate("certificationId", id)
    const one = { personId: person.id, certificationId: id, ...readHeld(certification, fields) }
    world.personCertifications.add(one)
    return created(showHeld(call, one))
  })

  const find = (call: Call) => findHeld(call, findPerson(call, call.id("personId")).id, call.id("id"))
  route("GET", `${base}/{id}`, (call) => ok(showHeld(call, find(call))))

  route("PUT", `${base}/{id}`, (call) => {
    const one = find(call)
    Object.assign(one, readHeld(findCertification(call.world, one.certificationId), input.object(call.body)))
    return done
  })

  route("DELETE", `${base}/{id}`, (call) => {
    withdraw(call.world, find(call))
    return done
  })
}

/** Adds the certifications that an account knows, those that people have, and the feed of all of these. */
export const addCertifications = (route: Route): void => {
  addAccount(route)
  addPersons(route)

  route("GET", "/rp/api/v1/Accounts/{accountId}/person-certifications", (call) => {
    const fields = input.fromQuery(call.query, { personIds: "ids", offset: "number", limit: "number" })
    const ids = input.optional(fields, "personIds", input.ids)
    const byPerson = new Map<Id, Array<PersonCertification>>()
    for (const one of call.world.personCertifications) {
      if (ids?.includes(one.personId) ?? true) byPerson.set(one.personId, [...(byPerson.get(one.personId) ?? []), one])
    }
    const entry = ([id, all]: readonly [Id, ReadonlyArray<PersonCertification>]) => [
      String(id),
      all.map((one) => showHeld(call, one))
    ]
    // The members of an object come in the order of their numbers, whatever order they were put in.
    const answer = page(
      [...byPerson].sort(([a], [b]) => a - b),
      fields,
      { default: 1000 },
      entry
    )
    return { ...answer, body: Object.fromEntries(answer.body as ReadonlyArray<[string, unknown]>) }
  })
}
