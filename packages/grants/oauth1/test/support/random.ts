/** Requests at random, the same ones for the same seed. */

/** A generator of numbers in [0, 1) (mulberry32). */
export const random = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Characters that signatures go wrong with, beside some that they do not. */
const characters = [..."aAzZ09-._~ !*'()+%&=/?:;,@#[]{}|\"<>^`\\$\t\nåé€漢😀\u0000"]

export const makeRequests = (seed: number, count: number) => {
  const next = random(seed)
  const pick = <A>(items: ReadonlyArray<A>): A => items[Math.floor(next() * items.length)] as A
  const text = (longest: number) =>
    Array.from({ length: Math.floor(next() * (longest + 1)) }, () => pick(characters)).join("")
  // Few names and short values, so that duplicates and ties are common.
  const form = () => {
    const pairs = Array.from({ length: Math.floor(next() * 6) }, () => [
      next() < 0.5 ? pick(["a", "a", "A", "a1", "b", "aå", "a="]) : `n${text(4)}`,
      text(5)
    ])
    const encoded = new URLSearchParams(pairs).toString()
    // Both ways to write a space, and hexadecimal digits in either case.
    return next() < 0.5 ? encoded.replaceAll("+", "%20").replace(/%../g, (sign) => sign.toLowerCase()) : encoded
  }
  return Array.from({ length: count }, () => {
    const query = form()
    const origin = pick([
      "http://127.0.0.1:8080",
      "HTTP://LocalHost:80",
      "https://Example.COM:443",
      "https://example.com:80",
      "http://[::1]:3000"
    ])
    const path = pick(["", "/", "/r%20v/X", "/a/b;c=d/~e", "/%C3%A5/%7E"])
    return {
      method: pick(["GET", "POST", "PUT", "DELETE", "get"]),
      url: `${origin}${path}${query === "" ? pick(["", "?"]) : `?${query}`}${pick(["", "#part"])}`,
      form: next() < 0.5 ? form() : "",
      consumerKey: `key${text(3)}`,
      consumerSecret: `s${text(8)}`,
      token: `token${text(3)}`,
      tokenSecret: text(8),
      nonce: `nonce${text(6)}`,
      timestamp: String(Math.floor(next() * 2 ** 31))
    }
  })
}
