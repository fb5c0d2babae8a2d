/** Turns: contenders are measured one after the other, round by round, so that a disturbance meets them all. */

/** What each contender measured, in the order of the rounds. */
export type Rounds<A> = ReadonlyMap<string, ReadonlyArray<A>>

/**
 * Measures every contender once a round. Who begins changes from round to round: whoever follows a heavy one would
 * otherwise always pay for it.
 */
export const interleave = async <C extends { readonly name: string }, A>(
  contenders: ReadonlyArray<C>,
  rounds: number,
  measure: (contender: C, round: number) => Promise<A>
): Promise<Rounds<A>> => {
  const measured = new Map<string, Array<A>>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length] as C
      measured.get(contender.name)?.push(await measure(contender, round))
    }
  }
  return measured
}
