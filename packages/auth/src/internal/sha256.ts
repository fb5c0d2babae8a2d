/**
 * SHA-256 (FIPS 180-4), in place of the platform's: that one answers later, and what a token is called in an event or a record
 * has to be known at once.
 */

/** The first 32 bits of the fractional part of a root of each of the first primes. */
const fractions = (count: number, root: number): Uint32Array => {
  const words = new Uint32Array(count)
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false
    if (prime) words[found++] = (candidate ** (1 / root) % 1) * 2 ** 32
  }
  return words
}

let initial: Uint32Array | undefined
let constants: Uint32Array | undefined

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

/** A message with the bit 1, zeros and its own length in bits behind it (§5.1.1), as words. */
const padded = (message: Uint8Array): Uint32Array => {
  const bytes = new Uint8Array(((message.length + 72) >> 6) << 6)
  bytes.set(message)
  bytes[message.length] = 0x80
  const view = new DataView(bytes.buffer)
  view.setUint32(bytes.length - 8, message.length / 2 ** 29)
  view.setUint32(bytes.length - 4, message.length << 3)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i))
}

/** The hash of a message, as eight words. */
export const sha256 = (message: Uint8Array): Uint32Array => {
  initial ??= fractions(8, 2)
  constants ??= fractions(64, 3)
  const hash = initial.slice()
  const words = padded(message)
  const schedule = new Uint32Array(64)
  const at = (list: Uint32Array, i: number) => list[i] as number
  for (let block = 0; block < words.length; block += 16) {
    let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number]
    for (let i = 0; i < 64; i++) {
      if (i < 16) schedule[i] = at(words, block + i)
      else {
        const x = at(schedule, i - 15)
        const y = at(schedule, i - 2)
        schedule[i] =
          at(schedule, i - 16) +
          (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) +
          at(schedule, i - 7) +
          (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10))
      }
      const mixed = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const one = (h + mixed + ((e & f) ^ (~e & g)) + at(constants, i) + at(schedule, i)) | 0
      const two = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + one) | 0
      d = c
      c = b
      b = a
      a = (one + two) | 0
    }
    for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) hash[i] = at(hash, i) + word
  }
  return hash
}
