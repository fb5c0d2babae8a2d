import { assert, describe, it } from "@effect/vitest"
import { A, ACCOUNT, caller, type Row, type Suite } from "../support/bench.ts"

/** Custom fields and their values, and what tells of experience. */
export const fields = (suite: Suite): void => {
  const { get, send, refused } = suite
  let count = 0
  const dates = { startDate: "2026-06-01", endDate: "2026-12-31" }

  describe("custom fields", () => {
    for (const of of ["person", "project"] as const) {
      const path = `${A}/${of}-fields`
      const named = async (name: string) => ((await get(path)) as Row[]).find((field) => field.name === name) as Row
      const owner = async (): Promise<string> => {
        const plural = of === "person" ? "Persons" : "Projects"
        const { id } = await send("POST", `${A}/${plural}`, { name: `Field owner ${++count}`, ...dates })
        return `${A}/${plural.toLowerCase()}/${id}/${of}-field-values`
      }

      it(`of ${of}s are added and changed together, with the values of lists`, async () => {
        const [years, shift] = await send("POST", path, [
          { name: "Years", type: "SingleSelect", definedValues: [{ definedValue: "5" }, { definedValue: "6" }] },
          { name: "Night shift", type: "Boolean" }
        ])
        assert.include(years, { isSystem: false, isRequired: false, type: "SingleSelect" })
        assert.include(shift, { displayOrder: years.displayOrder + 1, definedValues: null })
        const values = await owner()
        await send("PATCH", values, [{ fieldId: years.id, values: ["5"] }], 204)
        const [five, six] = years.definedValues
        const [changed] = await send("POST", path, [
          {
            id: years.id,
            definedValues: [
              { valueId: five.valueId, definedValue: "5-9" },
              { valueId: six.valueId, definedValue: "6", forRemoval: true },
              { definedValue: "10+" }
            ]
          }
        ])
        assert.deepStrictEqual(
          changed.definedValues.map((value: Row) => [value.definedValue, value.inUse.length]),
          [
            ["5-9", 1],
            ["10+", 0]
          ]
        )
        assert.deepStrictEqual((await get(values)).find((value: Row) => value.fieldId === years.id).values, ["5-9"])
        await send("POST", path, [{ id: years.id, isRequired: true }])
        const inUse = [{ valueId: five.valueId, definedValue: "5-9", forRemoval: true }]
        assert.strictEqual(
          await refused("POST", path, [{ id: years.id, definedValues: inUse }], 422),
          "DefinedValueError"
        )
        const order = [
          { fieldId: shift.id, displayOrder: 90 },
          { fieldId: years.id, displayOrder: 91 }
        ]
        const sorted = (await send("PUT", `${path}/_reorder`, order)) as Row[]
        assert.deepStrictEqual(
          sorted.slice(-2).map((field) => field.id),
          [shift.id, years.id]
        )
        await send("DELETE", path, [years.id, shift.id], 204)
        assert.isUndefined(await named("Years"))
        assert.isUndefined((await get(values)).find((value: Row) => value.fieldId === years.id))
      })

      it(`of ${of}s refuse taken and reserved names, and leave the fields of Bench alone`, async () => {
        const system = ((await get(path)) as Row[]).find((field) => field.isSystem) as Row
        assert.isNull(system.displayOrder)
        assert.strictEqual(await refused("POST", path, [{ name: system.name, type: "Text" }], 409), "Duplicate")
        const reserved = of === "person" ? "Hire Date" : "Status"
        assert.strictEqual(await refused("POST", path, [{ name: reserved, type: "Text" }], 409), "Duplicate")
        assert.strictEqual(
          await refused("POST", path, [{ id: system.id, isPrivate: true }], 400),
          "CannotBeMadePrivate"
        )
        assert.strictEqual(await refused("DELETE", path, [system.id], 422), "NotAllowed")
        await send("PUT", `${path}/_reorder`, [{ fieldId: system.id, displayOrder: 1 }], 400)
        await send("POST", path, [{ name: "Colour of boots", type: "Rainbow" }], 400)
      })

      it(`of ${of}s take values in the form of their type`, async () => {
        const made = (await send("POST", path, [
          { name: "t Date", type: "Date" },
          { name: "t Phone", type: "PhoneNumber" },
          { name: "t Currency", type: "Currency" },
          { name: "t Flag", type: "Boolean" },
          { name: "t Text", type: "Text" },
          { name: "t Long", type: "LongText" },
          { name: "t Integer", type: "Integer" },
          { name: "t Many", type: "MultiSelect", definedValues: [{ definedValue: "a" }, { definedValue: "b" }] }
        ])) as Row[]
        const id = (name: string) => made.find((field) => field.name === `t ${name}`)?.id
        const values = await owner()
        const good: ReadonlyArray<readonly [string, ...string[]]> = [
          ["Date", "29/02/2028"],
          ["Phone", "+15195555555"],
          ["Currency", "1250.00"],
          ["Flag", "true"],
          ["Text", "x".repeat(250)],
          ["Long", "x".repeat(2400)],
          ["Integer", "2147483647"],
          ["Many", "a", "b"]
        ]
        const body = good.map(([name, ...sent]) => ({ fieldId: id(name), values: sent }))
        await send("POST", values, body, 204)
        const bad: ReadonlyArray<readonly [string, ...string[]]> = [
          ["Date", "2028-02-29"],
          ["Date", "30/02/2028"],
          ["Phone", "5195555555"],
          ["Phone", "+0519555555512"],
          ["Currency", "12.345"],
          ["Currency", "-1"],
          ["Flag", "yes"],
          ["Text", "x".repeat(251)],
          ["Long", "x".repeat(2401)],
          ["Integer", "0"],
          ["Integer", "2147483648"],
          ["Many", "c"],
          ["Text", "one", "two"]
        ]
        for (const [name, ...sent] of bad) {
          await send("PATCH", values, [{ fieldId: id(name), values: sent }], 400)
          await send("PATCH", `${values}/${id(name)}`, { values: sent }, 400)
        }
        await send("PATCH", `${values}/${id("Flag")}`, { values: ["false"] }, 204)
        await send("DELETE", values, [id("Date"), id("Phone")], 204)
        const held = ((await get(values)) as Row[]).filter((value) => value.name.startsWith("t "))
        assert.lengthOf(held, good.length - 2)
        assert.deepStrictEqual(held.find((value) => value.name === "t Flag")?.values, ["false"])
        assert.lengthOf(await get(`${values}?includeEmpty=true`), ((await get(path)) as Row[]).length)
        await send(
          "DELETE",
          path,
          made.map((field) => field.id),
          204
        )
      })

      it(`of ${of}s that are required have to be among the values that are set, not among those that are changed`, async () => {
        const [must, may] = await send("POST", path, [
          { name: "r must", type: "Text", isRequired: true },
          { name: "r may", type: "Text" }
        ])
        const values = await owner()
        await send("POST", values, [{ fieldId: may.id, values: ["x"] }], 400)
        await send("PATCH", values, [{ fieldId: may.id, values: ["x"] }], 204)
        await send("POST", values, [{ fieldId: must.id, values: ["y"] }], 204)
        await send("DELETE", path, [must.id, may.id], 204)
      })
    }

    it("hide what is private or financial from those who may not see it", async () => {
      const reader = await caller(suite.server, suite.server.credentials.reader)
      const names = async (who: typeof reader) =>
        new Set(
          ((await who.get(`${ACCOUNT}/person-field-values`)) as Row[]).flatMap((row) =>
            row.fields.map((f: Row) => f.name)
          )
        )
      const [all, some] = [await names(suite), await names(reader)]
      for (const name of ["Home Address", "Cost Rate (hr)"]) {
        assert.isTrue(all.has(name))
        assert.isFalse(some.has(name))
      }
      assert.isTrue(some.has("Skill Set"))
    })

    it("are the same as the properties that they show", async () => {
      const [person] = (await get(`${A}/Persons?limit=1`)) as [Row]
      const [row] = (await get(`${ACCOUNT}/person-field-values?employeeId=${person.uniqueId}`)) as [Row]
      assert.strictEqual(row.personId, person.id)
      const field = ((await get(`${A}/project-fields`)) as Row[]).find((one) => one.name === "Project Number") as Row
      const project = await send("POST", `${A}/Projects`, {
        name: "Numbered",
        ...dates,
        fields: [{ fieldId: field.id, values: ["26-999"] }]
      })
      assert.strictEqual(
        (await get(`${A}/Projects?ids=${project.id}&includeProjectNumber=true`))[0].projectNumber,
        "26-999"
      )
      const found = (await get(`${ACCOUNT}/project-field-values?projectNumber=26-999`)) as Row[]
      assert.deepStrictEqual(
        found.map((one) => one.projectId),
        [project.id]
      )
      await send("PUT", `${A}/Projects/${project.id}/externalId`, { externalId: "CRM-77" }, 204)
      assert.lengthOf(await get(`${ACCOUNT}/project-field-values?externalId=CRM-77`), 1)
    })

    it("leave deactivated persons out of the feed unless they are asked for", async () => {
      const active = (await get(`${ACCOUNT}/person-field-values`)) as Row[]
      const all = (await get(`${ACCOUNT}/person-field-values?state=All`)) as Row[]
      assert.isAbove(all.length, active.length)
      const page = await suite.call("GET", `${ACCOUNT}/person-field-values?limit=10`)
      assert.strictEqual(page.headers.get("query-has-more"), "true")
    })
  })

  describe("experience", () => {
    it("is told by fields of projects that were promoted, and not any more once they are demoted", async () => {
      const [field] = await send("POST", `${A}/project-fields`, [
        { name: "Structure", type: "SingleSelect", definedValues: [{ definedValue: "Timber" }] }
      ])
      assert.deepInclude(await get(`${A}/experience-fields/candidates`), { customFieldId: field.id, name: "Structure" })
      const [promoted] = await send("POST", `${A}/experience-fields`, [field.id])
      assert.include(promoted, { projectFieldId: field.id, name: "Structure", type: "SingleSelect" })
      await send("POST", `${A}/experience-fields`, [field.id], 400)
      assert.deepInclude(await get(`${A}/experience-fields`), promoted)
      const path = `${A}/experience-fields/${promoted.experienceFieldId}`
      const [timber] = (await get(`${path}/values`)) as [Row]
      assert.strictEqual(timber.name, "Timber")
      const [steel] = await send("POST", `${path}/values`, [{ name: "Steel" }])
      await send("POST", `${path}/values/${steel.experienceFieldValueId}`, { name: "Mild steel" }, 204)
      assert.lengthOf(await get(`${path}/values?name=STEEL`), 1)
      await send("DELETE", `${path}/values/${steel.experienceFieldValueId}`, undefined, 204)
      const project = await send("POST", `${A}/Projects`, {
        name: "Of timber",
        ...dates,
        fields: [{ fieldId: field.id, values: ["Timber"] }]
      })
      const [row] = (await get(
        `${ACCOUNT}/project-field-values?projectIds=${project.id}&classification=Experience`
      )) as [Row]
      assert.include(row.fields[0], { experienceFieldId: promoted.experienceFieldId })
      assert.deepStrictEqual(row.fields[0].experienceFieldValueIds, [timber.experienceFieldValueId])
      await send("DELETE", path, undefined, 204)
      await send("DELETE", path, undefined, 403)
      await send("DELETE", `${A}/project-fields`, [field.id], 204)
    })

    it("of a person is kept with the values of experience fields, which adding never changes", async () => {
      const person = await send("POST", `${A}/Persons`, { name: "Edo Lind" })
      const path = `${A}/persons/${person.id}/historical-experiences`
      const [sector] = (await get(`${A}/experience-fields`)) as [Row]
      const experienceFieldId = sector.experienceFieldId
      const [first, second] = (await get(`${A}/experience-fields/${experienceFieldId}/values`)) as [Row, Row]
      const made = await send(
        "POST",
        path,
        {
          projectName: "Old Mill",
          roleName: "Foreman",
          assignmentStartDate: "2020-01-01",
          assignmentEndDate: "2020-01-31",
          experienceFields: [
            { experienceFieldId, experienceFieldValueId: first.experienceFieldValueId, value: "passed over" }
          ]
        },
        201
      )
      assert.include(made, { projectName: "Old Mill", assignmentDuration: 31, currentCompany: false })
      assert.strictEqual(made.experienceFields[0].value, first.name)
      const one = `${path}/${made.historicalExperienceId}`
      const again = { experienceFields: [{ experienceFieldId, value: second.name }] }
      assert.deepStrictEqual((await send("POST", `${one}/experience-fields`, again, 201)).experienceFields, [])
      const changed = await send("PATCH", `${one}/experience-fields/${experienceFieldId}`, { value: second.name })
      assert.include(changed, { experienceFieldValueId: second.experienceFieldValueId, value: second.name })
      await send("DELETE", `${one}/experience-fields/${experienceFieldId}`, undefined, 204)
      await send("DELETE", `${one}/experience-fields/${experienceFieldId}`, undefined, 403)
      await send("PATCH", `${one}/experience-fields/${experienceFieldId}`, { value: second.name }, 400)
      assert.include(await send("PATCH", one, { assignmentHours: 120 }), {
        assignmentHours: 120,
        assignmentDuration: 31
      })
      await send("PUT", one, { roleName: "Carpenter" }, 400)
      const put = await send("PUT", one, { roleName: "Carpenter", experienceFields: again.experienceFields })
      assert.include(put, { roleName: "Carpenter", assignmentHours: null })
      assert.deepStrictEqual(await get(one), put)
      assert.lengthOf(await get(path), 1)
      await send("GET", `${path}?limit=101`, undefined, 400)
      await send("DELETE", one, undefined, 204)
      await send("GET", one, undefined, 403)
    })
  })
}
