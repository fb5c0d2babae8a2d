/** Behaviours that a service's vendor does not state: each with every reading of it that a client should stand. */

/** Readings by behaviour. The first of each is our best one, and the default. */
export type Readings = Readonly<Record<string, readonly [unknown, unknown, ...ReadonlyArray<unknown>]>>

/** One reading of each behaviour. */
export type SwitchesOf<R extends Readings> = { readonly [Name in keyof R]: R[Name][number] }

/** The default reading of each behaviour. */
export const defaultsOf = <R extends Readings>(readings: R): SwitchesOf<R> =>
  Object.fromEntries(Object.entries(readings).map(([name, [first]]) => [name, first])) as SwitchesOf<R>
