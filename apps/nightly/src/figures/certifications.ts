/** Whose certifications have run out, or will before long. */
import type { Day } from "../calendar.ts"
import type { Certification, Person } from "../facts.ts"

export interface Expiry {
  readonly person: Person
  readonly certification: string
  /** The last day that it is good for. */
  readonly expires: Day
}

/** Those of active people that end on `until` or before, the earliest first. */
export const expiring = (
  people: ReadonlyArray<Person>,
  certifications: ReadonlyArray<Certification>,
  until: Day
): ReadonlyArray<Expiry> => {
  const active = new Map(people.filter((person) => person.active).map((person) => [person.id, person]))
  return certifications
    .flatMap(({ expires, name, person: id }): ReadonlyArray<Expiry> => {
      const person = active.get(id)
      return person === undefined || expires === undefined || expires > until
        ? []
        : [{ person, certification: name, expires }]
    })
    .sort((a, b) => a.expires - b.expires || (a.person.name < b.person.name ? -1 : 1))
}
