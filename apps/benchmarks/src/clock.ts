/** The wall clock of a contender's process. */

/**
 * Moves it on by so many milliseconds, as a laptop's lid does: whoever knows an expiry then knows that it is past. Timers
 * do not notice.
 */
export const moveClock = (by: number): void => {
  const Real = Date
  globalThis.Date = class extends Real {
    constructor(...given: Array<unknown>) {
      super(...((given.length === 0 ? [Real.now() + by] : given) as [number]))
    }
    static override now(): number {
      return Real.now() + by
    }
  } as DateConstructor
}
