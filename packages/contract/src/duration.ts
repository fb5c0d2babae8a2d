const ISO_8601 =
  /^P(?=.)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/**
 * Milliseconds in an ISO 8601 duration of weeks, days, hours, minutes and seconds (`PT24H`, `P7D`, `PT0.5S`), or
 * `undefined` when it is not one. Years and months have no fixed length and are refused.
 */
export const parseDuration = (text: string): number | undefined => {
  const parts = ISO_8601.exec(text)
  if (parts === null) return undefined
  const [weeks, days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number
  ]
  return ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000
}
