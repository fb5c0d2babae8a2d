/** Calendar days as `YYYY-MM-DD`, which compare as text, and ranges of them with both ends included. */

/** A calendar day. */
export type Day = string

/** From one day to another, both included. */
export interface Range {
  readonly startDate: Day
  readonly endDate: Day
}

/** The UTC day of an instant. */
export const dayOf = (millis: number): Day => new Date(millis).toISOString().slice(0, 10)

const steps = new Map<string, Day>()

/** So many days later (or earlier, when negative). Remembered, since the same few thousand steps are taken all the time. */
export const plus = (day: Day, days: number): Day => {
  const key = `${day}${days}`
  const known = steps.get(key)
  if (known !== undefined) return known
  if (steps.size > 50_000) steps.clear()
  const found = dayOf(Date.parse(day) + days * 86_400_000)
  steps.set(key, found)
  return found
}

/** How many days lie between; 0 for the same day. */
export const between = (from: Day, to: Day): number => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000)

/** The later and the earlier of two days. */
export const later = (a: Day, b: Day): Day => (b > a ? b : a)
export const earlier = (a: Day, b: Day): Day => (b < a ? b : a)

export const overlaps = (a: Range, b: Range): boolean => a.startDate <= b.endDate && b.startDate <= a.endDate

export const within = (inner: Range, outer: Range): boolean =>
  outer.startDate <= inner.startDate && inner.endDate <= outer.endDate

/** The days in both ranges. */
export const intersect = (a: Range, b: Range): Range | undefined =>
  overlaps(a, b) ? { startDate: later(a.startDate, b.startDate), endDate: earlier(a.endDate, b.endDate) } : undefined

/** What is left of a range when others are cut out of it, in order. */
export const subtract = (range: Range, cuts: Iterable<Range>): ReadonlyArray<Range> => {
  let left: ReadonlyArray<Range> = [range]
  for (const cut of cuts) {
    left = left.flatMap((piece) =>
      overlaps(piece, cut)
        ? [
            { startDate: piece.startDate, endDate: plus(cut.startDate, -1) },
            { startDate: plus(cut.endDate, 1), endDate: piece.endDate }
          ].filter(({ startDate, endDate }) => startDate <= endDate)
        : [piece]
    )
  }
  return left
}

/** A share of a person's time over a range. */
export interface Load extends Range {
  readonly allocatedPercent: number
}

/** The loads added up: ranges in order, without gaps in the covered days, each with its total. */
export const total = (loads: ReadonlyArray<Load>, over: Range): ReadonlyArray<Load> => {
  const clipped = loads.flatMap((load) => {
    const part = intersect(load, over)
    return part === undefined ? [] : [{ ...part, allocatedPercent: load.allocatedPercent }]
  })
  const starts = new Set([over.startDate])
  for (const load of clipped) {
    starts.add(load.startDate)
    if (load.endDate < over.endDate) starts.add(plus(load.endDate, 1))
  }
  const ordered = [...starts].sort()
  return ordered.map((startDate, i) => {
    const next = ordered[i + 1]
    const piece = { startDate, endDate: next === undefined ? over.endDate : plus(next, -1) }
    const sum = clipped.reduce((at, load) => at + (overlaps(load, piece) ? load.allocatedPercent : 0), 0)
    return { ...piece, allocatedPercent: sum }
  })
}
