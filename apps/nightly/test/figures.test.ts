import { assert, describe, it } from "@effect/vitest"
import { type Day, formatDay, mondayOf, parseDay, weekdayOf } from "../src/calendar.ts"
import type { Absence, Person, Role } from "../src/facts.ts"
import { expiring } from "../src/figures/certifications.ts"
import { overAllocations } from "../src/figures/over-allocations.ts"
import { unfilled } from "../src/figures/unfilled.ts"
import { ratio, utilisation } from "../src/figures/utilisation.ts"

const day = (text: string): Day => parseDay(text) as Day
/** Monday. */
const week1 = day("2026-11-23")
const week2 = day("2026-11-30")

const person = (more: Partial<Person> = {}): Person => ({
  id: "1/1",
  account: 1,
  number: "E1",
  name: "Ada",
  title: "Superintendent",
  type: "Salaried",
  active: true,
  employed: { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY },
  workDays: [1, 2, 3, 4, 5],
  ...more
})

const role = (more: Partial<Role> = {}): Role => ({
  id: "1/10",
  account: 1,
  name: "Superintendent",
  project: "Tower",
  counts: true,
  requirements: [{ start: week1, end: week2 + 6, share: 1 }],
  unfilled: [],
  allocations: [],
  ...more
})

const allocated = (start: string, end: string, share: number, who = "1/1") => ({
  person: who,
  start: day(start),
  end: day(end),
  share
})

const away = (start: string, end: string): Absence => ({ id: start, person: "1/1", start: day(start), end: day(end) })

const figures = (people: ReadonlyArray<Person>, roles: ReadonlyArray<Role>, absences: ReadonlyArray<Absence> = []) =>
  utilisation({ people, roles, absences }, [week1, week2])

describe("a day", () => {
  it("is read from the first ten characters, whatever follows", () => {
    assert.strictEqual(parseDay("2026-11-23T00:00:00Z"), day("2026-11-23"))
    assert.strictEqual(formatDay(day("2026-11-23")), "2026-11-23")
  })

  it("is nothing when it is no day of the calendar", () => {
    for (const text of ["", "soon", "2026-02-30", "2026-13-01", "2026-1-1", "23/11/2026", null, 20261123]) {
      assert.isUndefined(parseDay(text), String(text))
    }
  })

  it("knows its weekday and its Monday, before 1970 as well", () => {
    assert.strictEqual(weekdayOf(day("2026-11-22")), 0)
    assert.strictEqual(mondayOf(day("2026-11-22")), day("2026-11-16"))
    assert.strictEqual(mondayOf(day("2026-11-23")), day("2026-11-23"))
    assert.strictEqual(weekdayOf(day("1969-12-31")), 3)
  })
})

describe("utilisation", () => {
  it("is allocated days of available days: half a person for a week is 50 %", () => {
    const { overall } = figures([person()], [role({ allocations: [allocated("2026-11-23", "2026-11-27", 0.5)] })])
    assert.deepStrictEqual(overall, [
      { available: 5, allocated: 2.5, free: 2.5 },
      { available: 5, allocated: 0, free: 5 }
    ])
    assert.strictEqual(ratio(overall[0] as never), 0.5)
  })

  it("takes days away from both sides: allocated all week, away Monday and Tuesday, is 3 of 3", () => {
    const { overall } = figures(
      [person()],
      [role({ allocations: [allocated("2026-11-23", "2026-11-27", 1)] })],
      [away("2026-11-21", "2026-11-24")]
    )
    assert.deepStrictEqual(overall[0], { available: 3, allocated: 3, free: 0 })
  })

  it("counts a day once when two absences overlap", () => {
    const { overall } = figures([person()], [], [away("2026-11-23", "2026-11-24"), away("2026-11-24", "2026-11-25")])
    assert.strictEqual(overall[0]?.available, 2)
  })

  it("counts only the person's own working days", () => {
    const { overall } = figures(
      [person({ workDays: [6, 0] })],
      [role({ allocations: [allocated("2026-11-23", "2026-11-29", 1)] })]
    )
    assert.deepStrictEqual(overall[0], { available: 2, allocated: 2, free: 0 })
  })

  it("ends with the employment and does not count people who have left", () => {
    const leaves = person({ employed: { start: day("2020-01-01"), end: day("2026-11-25") } })
    const left = person({ id: "1/2", active: false })
    const { overall, people } = figures([leaves, left], [])
    assert.deepStrictEqual(
      overall.map((cell) => cell.available),
      [3, 0]
    )
    assert.lengthOf(people, 1)
    assert.isUndefined(ratio(overall[1] as never))
  })

  it("does not count projects that are not won", () => {
    const { overall } = figures(
      [person()],
      [role({ counts: false, allocations: [allocated("2026-11-23", "2026-11-27", 1)] })]
    )
    assert.strictEqual(overall[0]?.allocated, 0)
  })

  it("goes beyond 100 % when somebody is promised twice, and hides nobody's free time behind it", () => {
    const { overall, people } = figures(
      [person(), person({ id: "1/2" })],
      [
        role({
          allocations: [allocated("2026-11-23", "2026-12-04", 1), allocated("2026-11-25", "2026-11-27", 0.5)]
        })
      ]
    )
    // Ada: 5 + 1.5; the other: nothing, 5 days free.
    assert.deepStrictEqual(overall[0], { available: 10, allocated: 6.5, free: 5 })
    assert.strictEqual(people[0]?.overFrom, day("2026-11-25"))
    assert.strictEqual(people[0]?.peak, 1.5)
    assert.isUndefined(people[0]?.freeFrom)
    assert.strictEqual(people[1]?.freeFrom, week1)
  })

  it("does not take a rounding error for an excess, or for free time", () => {
    for (const shares of [
      [0.05, 0.55, 0.3, 0.1],
      [0.05, 0.15, 0.7, 0.1]
    ]) {
      assert.notStrictEqual(
        shares.reduce((sum, share) => sum + share),
        1
      )
      const allocations = shares.map((share) => allocated("2026-11-23", "2026-11-27", share))
      const { people } = figures([person()], [role({ allocations })])
      assert.isUndefined(people[0]?.overFrom)
      assert.strictEqual(people[0]?.freeFrom, week2)
    }
  })

  it("adds the people of a title up, the largest group first", () => {
    const { roles } = figures(
      [person(), person({ id: "1/2" }), person({ id: "1/3", title: "Estimator" })],
      [role({ allocations: [allocated("2026-11-23", "2026-11-27", 1, "1/2")] })]
    )
    assert.deepStrictEqual(
      roles.map(({ people, role, weeks }) => [role, people, weeks[0]?.available, weeks[0]?.allocated]),
      [
        ["Superintendent", 2, 10, 5],
        ["Estimator", 1, 5, 0]
      ]
    )
  })
})

describe("unfilled roles", () => {
  const gap = (start: string, end: string) => ({ start: day(start), end: day(end) })

  it("are counted in people: half a person for three of five days is 0.3", () => {
    const found = unfilled(
      [
        role({
          requirements: [{ start: week1, end: week1 + 6, share: 0.5 }],
          unfilled: [gap("2026-11-25", "2026-11-29")]
        })
      ],
      week1,
      [week1, week2]
    )
    assert.deepStrictEqual(
      found.demand.map(({ role, weeks }) => [role, weeks.map((count) => Math.round(count * 100) / 100)]),
      [["Superintendent", [0.3, 0]]]
    )
    assert.strictEqual(found.gaps[0]?.share, 0.5)
  })

  it("follow a need that changes: all of a person in one week, half of one in the next", () => {
    const { demand } = unfilled(
      [
        role({
          requirements: [
            { start: week1, end: week1 + 6, share: 1 },
            { start: week2, end: week2 + 6, share: 0.5 }
          ],
          unfilled: [{ start: week1, end: week2 + 6 }]
        })
      ],
      week1,
      [week1, week2]
    )
    assert.deepStrictEqual(
      demand[0]?.weeks.map((count) => Math.round(count * 100) / 100),
      [1, 0.5]
    )
  })

  it("leave out what is over, and projects that are not won", () => {
    const over = role({ id: "1/11", unfilled: [gap("2026-11-01", "2026-11-22")] })
    const pursued = role({ id: "1/12", counts: false, unfilled: [gap("2026-11-23", "2026-11-27")] })
    assert.deepStrictEqual(unfilled([over, pursued], week1, [week1]), { gaps: [], demand: [] })
  })

  it("come from the longest open to the latest, with the most wanted role first in demand", () => {
    const { demand, gaps } = unfilled(
      [
        role({ id: "1/11", name: "Estimator", unfilled: [gap("2026-11-24", "2026-11-24")] }),
        role({ id: "1/12", unfilled: [gap("2026-11-23", "2026-11-27")] }),
        role({ id: "1/13", unfilled: [gap("2026-11-02", "2026-11-23")] })
      ],
      week1,
      [week1]
    )
    assert.deepStrictEqual(
      gaps.map((one) => one.role.id),
      ["1/13", "1/12", "1/11"]
    )
    assert.deepStrictEqual(
      demand.map((one) => one.role),
      ["Superintendent", "Estimator"]
    )
  })
})

describe("somebody promised twice", () => {
  const two = (...allocations: ReadonlyArray<ReturnType<typeof allocated>>) => [
    role({ project: "Tower", allocations: allocations.slice(0, 1) }),
    role({ id: "1/11", project: "Bridge", allocations: allocations.slice(1) })
  ]
  const found = (roles: ReadonlyArray<Role>, absences: ReadonlyArray<Absence> = [], people = [person()]) =>
    overAllocations({ people, roles, absences }, { start: week1, end: week2 + 6 }).map(
      ({ end, peak, projects, start }) => [formatDay(start), formatDay(end), peak, projects]
    )

  it("is told from the first day to the last on which the shares exceed one, with what they are of", () => {
    assert.deepStrictEqual(
      found(two(allocated("2026-11-23", "2026-11-30", 0.75), allocated("2026-11-25", "2026-12-11", 0.5))),
      [["2026-11-25", "2026-11-30", 1.25, ["Bridge", "Tower"]]]
    )
  })

  it("is told once when a weekend or time away lies between, and twice when a day with less does", () => {
    const whole = [allocated("2026-11-23", "2026-12-04", 1), allocated("2026-11-23", "2026-12-04", 1)] as const
    assert.lengthOf(found(two(...whole), [away("2026-11-25", "2026-11-25")]), 1)
    const gap = two(
      allocated("2026-11-23", "2026-12-04", 1),
      allocated("2026-11-23", "2026-11-24", 1),
      allocated("2026-11-26", "2026-11-26", 1)
    )
    assert.deepStrictEqual(
      found(gap).map(([start]) => start),
      ["2026-11-23", "2026-11-26"]
    )
  })

  it("is nobody whose shares add up to one, who has left, or whose project is not won", () => {
    const twice = two(allocated("2026-11-23", "2026-11-27", 0.7), allocated("2026-11-23", "2026-11-27", 0.7))
    assert.deepStrictEqual(
      [
        found(two(allocated("2026-11-23", "2026-11-27", 0.7), allocated("2026-11-23", "2026-11-27", 0.3))),
        found(twice, [], [person({ active: false })]),
        found(twice.map((one) => ({ ...one, counts: one.id === "1/10" }))),
        found(twice, [away("2026-11-23", "2026-11-27")])
      ],
      [[], [], [], []]
    )
  })
})

describe("a certification", () => {
  const held = (id: string, expires: Day | undefined, who = "1/1") => ({ id, person: who, name: id, expires })

  it("is told when it has run out or will by the end, the earliest first; one without an end never is", () => {
    const all = [held("late", week2), held("never", undefined), held("over", week1 - 300), held("after", week2 + 1)]
    assert.deepStrictEqual(
      expiring([person()], all, week2).map(({ certification }) => certification),
      ["over", "late"]
    )
  })

  it("of somebody who has left, or is not known, is not", () => {
    const all = [held("a", week1), held("b", week1, "1/9")]
    assert.deepStrictEqual(expiring([person({ active: false })], all, week2), [])
  })
})
