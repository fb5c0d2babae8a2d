import { assert, describe, it } from "@effect/vitest"
import { parseDay } from "../src/calendar.ts"
import * as Facts from "../src/facts.ts"

/** What a foreign server may send in place of what its document says. */
const any = (value: object) => value as never

const role = {
  roleId: 7,
  roleName: "Estimator",
  projectId: 3,
  projectName: "Tower",
  projectType: "Awarded",
  projectStatus: "Active",
  isFilled: false,
  startDate: "2026-11-23",
  endDate: "2026-11-27T00:00:00",
  requirements: [{ startDate: "2026-11-23", endDate: "2026-11-27", allocatedPercent: 40 }],
  allocations: [{ personId: 5, startDate: "2026-11-24", endDate: "2026-11-25", allocatedPercent: 40 }],
  unfilledRanges: [{ startDate: "2026-11-26", endDate: "2026-11-27" }]
}

const range = (start: string, end: string) => ({ start: parseDay(start) as number, end: parseDay(end) as number })

describe("a role", () => {
  it("holds what it needs, who fills it and when nobody does", () => {
    assert.deepStrictEqual(Facts.role(1, any(role)), {
      id: "1/7",
      account: 1,
      name: "Estimator",
      project: "Tower",
      counts: true,
      requirements: [{ ...range("2026-11-23", "2026-11-27"), share: 0.4 }],
      unfilled: [range("2026-11-26", "2026-11-27")],
      allocations: [{ person: "1/5", ...range("2026-11-24", "2026-11-25"), share: 0.4 }]
    })
  })

  it("that says neither what it needs nor when it is unfilled needs a whole person all the time", () => {
    const { requirements, unfilled } = Facts.role(1, any({ ...role, requirements: null, unfilledRanges: undefined }))
    assert.deepStrictEqual(requirements, [{ ...range("2026-11-23", "2026-11-27"), share: 1 }])
    assert.deepStrictEqual(unfilled, [range("2026-11-23", "2026-11-27")])
  })

  it("of hours, which knows no percentage, needs a whole person", () => {
    const { requirements } = Facts.role(1, any({ ...role, requirements: [role.unfilledRanges[0] as object] }))
    assert.deepStrictEqual(requirements, [{ ...range("2026-11-26", "2026-11-27"), share: 1 }])
  })

  it("that is filled is not unfilled", () => {
    assert.deepStrictEqual(Facts.role(1, any({ ...role, isFilled: true, unfilledRanges: [] })).unfilled, [])
  })

  it("counts on projects that are won and not cancelled", () => {
    assert.isFalse(Facts.role(1, any({ ...role, projectType: "Opportunity" })).counts)
    assert.isFalse(Facts.role(1, any({ ...role, projectStatus: "Canceled" })).counts)
  })

  it("that cannot be read is an error that names it and the field", () => {
    for (const [change, message] of [
      [{ startDate: "tomorrow" }, "startDate of role 7 is not a day such as 2026-01-31"],
      [{ roleId: null }, "a role has no id"],
      [
        { allocations: [{ ...role.allocations[0], allocatedPercent: "much" }] },
        "allocatedPercent of role 7 is not a number"
      ],
      [{ allocations: [{ ...role.allocations[0], personId: undefined }] }, "an allocation of role 7 has no id"]
    ] as const) {
      assert.throws(() => Facts.role(1, any({ ...role, ...change })), Facts.Unreadable, message)
    }
  })
})

describe("a person", () => {
  it("is employed without end, from Monday to Friday, unless something else is said", () => {
    const found = Facts.person(2, any({ id: 5, name: " Ada ", title: null, state: "Active" }))
    assert.deepStrictEqual(found, {
      id: "2/5",
      account: 2,
      number: "",
      name: "Ada",
      title: "No title",
      type: "Salaried",
      active: true,
      employed: { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY },
      workDays: [1, 2, 3, 4, 5]
    })
  })
})
