/** What the values of a custom field look like: every value is text, and its form depends on the field's type. */
import { invalid } from "./errors.ts"
import type { Field } from "./records.ts"

const isDate = (value: string): boolean => {
  const parts = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(value)
  if (parts === null) return false
  const [, day, month, year] = parts
  const parsed = Date.parse(`${year}-${month}-${day}`)
  // Date.parse lets the 31st of February roll over; a calendar does not.
  return !Number.isNaN(parsed) && new Date(parsed).getUTCDate() === Number(day)
}

const noLonger = (length: number) => ({
  rule: `at most ${length} characters`,
  holds: (v: string) => v.length <= length
})
const phone = { rule: "a phone number such as +15195555555", holds: (v: string) => /^\+[1-9]\d{10,14}$/.test(v) }

const forms: Readonly<
  Record<Exclude<Field["type"], "SingleSelect" | "MultiSelect">, { rule: string; holds: (value: string) => boolean }>
> = {
  Boolean: { rule: "true or false", holds: (v) => v === "true" || v === "false" },
  Date: { rule: "a date such as 31/01/2026", holds: isDate },
  Email: { rule: "an e-mail address", holds: (v) => /^[^@\s]+@[^@\s]+$/.test(v) },
  PhoneNumber: phone,
  Phone: phone,
  Image: { rule: "an address", holds: (v) => URL.canParse(v) },
  Text: noLonger(250),
  Address: noLonger(250),
  LongText: noLonger(2400),
  Currency: { rule: "an amount such as 1250.00", holds: (v) => /^[0-9]{0,15}(\.[0-9]{0,2})?$/.test(v) },
  Integer: {
    rule: "a whole number from 1 to 2147483647",
    holds: (v) => /^\d{1,10}$/.test(v) && Number(v) >= 1 && Number(v) <= 2_147_483_647
  },
  Number: { rule: "a number", holds: (v) => v.trim() !== "" && Number.isFinite(Number(v)) }
}

/** Refuses values that are not of the field's type (400). */
export const checkValues = (field: Field, values: ReadonlyArray<string>): void => {
  if (values.length > 1 && field.type !== "MultiSelect") throw invalid(field.name, values, "one value")
  for (const value of values) {
    if (field.type === "SingleSelect" || field.type === "MultiSelect") {
      const choices = field.choices?.map(({ text }) => text) ?? []
      if (!choices.includes(value)) throw invalid(field.name, value, `one of ${choices.join(", ")}`)
    } else if (!forms[field.type].holds(value)) throw invalid(field.name, value, forms[field.type].rule)
  }
}
