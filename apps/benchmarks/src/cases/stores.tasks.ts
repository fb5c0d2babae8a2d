/** What a process does whose part of the contenders all renew one session. */
import type { Place } from "../stores.ts"

interface Contender {
  readonly contend: (order: object) => Promise<ReadonlyArray<number>>
  readonly generation: (place: Place) => Promise<number>
}

const load = async (file: string): Promise<Contender> => (await import(file)) as Contender

/** Renews until the wall clock says `until`; gives how long each renewal waited for its lease, in milliseconds. */
export const contend = async (
  file: string,
  order: { readonly place: Place; readonly contenders: number; readonly until: number }
): Promise<ReadonlyArray<number>> => (await load(file)).contend(order)

/** How often the session was renewed in all. */
export const generation = async (file: string, place: Place): Promise<number> => (await load(file)).generation(place)

/** Loads everything, so that no contender begins late. */
export const ready = async (file: string): Promise<void> => {
  await load(file)
}
