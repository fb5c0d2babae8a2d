/**
 * The names of a record's last writes, in front of its text: whoever follows a write names it. So a writer whose answer got
 * lost can tell by reading whether it had won, though others have written since.
 */
import { randomId } from "./digest.ts"

/** A text and the version that it is. */
interface Versioned {
  readonly version: number
  readonly text: string
}

/** So many writes may follow one before it is forgotten: far more than happen while an answer is waited for. */
const REMEMBERED = 32
/** Characters of a name: enough to tell two that write the same version apart. */
const LENGTH = 10

/** The names in a text: that of its own version, then of the one before, and so on. */
const namesOf = (text: string): ReadonlyArray<string> => text.slice(0, text.indexOf(" ")).split(",")

/** A text without the names. */
export const bodyOf = (text: string): string => text.slice(text.indexOf(" ") + 1)

/** Whether `written` is `stored`, or came before it. */
export const led = (written: Versioned, stored: Versioned): boolean =>
  namesOf(stored.text)[stored.version - written.version] === namesOf(written.text)[0]

/** Remembers the newest names of each key. */
export const make = () => {
  const newest = new Map<string, { readonly version: number; readonly names: ReadonlyArray<string> }>()
  return {
    /** A text that is told from every other, with the names of the writes before it as far as they are known. */
    sign: (key: string, version: number, body: string): Versioned => {
      const { names, version: last } = newest.get(key) ?? { names: [], version: 0 }
      const before = last < version - 1 ? [] : names.slice(last - (version - 1), last - (version - 1) + REMEMBERED)
      return { version, text: `${[randomId().slice(0, LENGTH), ...before].join()} ${body}` }
    },
    /** Takes in what was read, or written. */
    note: (key: string, { text, version }: Versioned): void => {
      if (version >= (newest.get(key)?.version ?? 0)) newest.set(key, { version, names: namesOf(text) })
    },
    forget: (key: string): void => void newest.delete(key)
  }
}
