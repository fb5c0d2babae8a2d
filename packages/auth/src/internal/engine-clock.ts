/**
 * How far an engine's clock is ahead of this process's. Records are kept in the engine's time, so that processes whose clocks
 * differ agree on when a token ends: each moves the times by what it has learned itself.
 */

/** Differences that are not worth correcting, in milliseconds: whoever has none then sees exactly what was written. */
const NOISE = 500

/** Starts out believing that there is one clock. */
export const make = () => {
  let ahead = 0
  return {
    /** Milliseconds to add to a time of this process to get the engine's. */
    ahead: () => ahead,
    /** Takes in that the engine's clock said `engine` at some moment between `sentAt` and `receivedAt` by ours. */
    learn: (engine: number, sentAt: number, receivedAt: number) => {
      const agrees = ahead >= engine - receivedAt - NOISE && ahead <= engine - sentAt + NOISE
      if (!agrees) ahead = Math.round(engine - (sentAt + receivedAt) / 2)
    }
  }
}
