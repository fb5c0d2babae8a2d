/**
 * A session as stored. `version` grows with every write and `generation` when the tokens change; neither ever goes
 * back, not even at sign-out: a record that has ended keeps both.
 */
import * as Redacted from "effect/Redacted"
import type { TokenSet } from "./TokenSet.ts"

/**
 * "I am about to spend what this generation holds." Written before the call and cleared only by a definitive answer, so
 * that the successor of a holder that died in between knows that the refresh token may be spent.
 */
export interface Marker {
  readonly operation: "refresh" | "signIn"
  /** The generation whose refresh token is being spent. */
  readonly generation: number
  /** The lease's owner that wrote it. */
  readonly owner: string
  /** 1 for the first time this token is sent. */
  readonly attempt: number
  /** When it was written, and when the call will have been given up, in milliseconds since the epoch. */
  readonly at: number
  readonly deadline: number
}

/** A session as stored. */
export interface SessionRecord {
  readonly version: number
  readonly generation: number
  /** Absent once the session has ended, and before it began. */
  readonly tokens?: TokenSet
  /** Salted proof of the secret that signed in: a holder with another secret must sign in itself. */
  readonly proof?: string
  readonly marker?: Marker
  /**
   * Everything up to this generation was signed out everywhere: who holds some of it neither goes on nor signs in by itself.
   * It stays when somebody signs in anew, for whoever has not heard of it yet.
   */
  readonly ended?: number
}

/** What stands for a key that was never written. */
export const none: SessionRecord = { version: 0, generation: 0 }

/** The record's next version, with some fields replaced; `undefined` takes a field away. */
export const next = (
  record: SessionRecord,
  change: { readonly [K in Exclude<keyof SessionRecord, "version">]?: SessionRecord[K] | undefined }
): SessionRecord => {
  const merged = { ...record, ...change }
  const { ended, generation, marker, proof, tokens, version: _, ...rest } = merged
  // Written out: an object that fields were deleted from takes four times the room.
  return {
    version: record.version + 1,
    generation: generation ?? record.generation,
    ...(tokens && { tokens }),
    ...(proof !== undefined && { proof }),
    ...(marker && { marker }),
    ...(ended !== undefined && { ended }),
    // What a later version of this program wrote stays.
    ...rest
  }
}

/** The record once everybody is signed out. `held` is the newest generation that the caller knows of. */
export const endedEverywhere = (record: SessionRecord, held: number): SessionRecord => {
  // One further than any that is there: a renewal that is under way now ends up with that one.
  const ended = Math.max(record.generation, held) + 1
  return next(record, { generation: ended, tokens: undefined, marker: undefined, proof: undefined, ended })
}

/** Whether what holds `generation` was signed out everywhere. */
export const isEnded = (record: SessionRecord, generation: number): boolean =>
  record.ended !== undefined && generation <= record.ended

/** The same record on a clock that is ahead by `by` milliseconds: every time in it is moved. */
export const shift = (record: SessionRecord, by: number): SessionRecord => {
  const { marker, tokens } = record
  if (by === 0) return record
  return {
    ...record,
    ...(tokens && {
      tokens: {
        ...tokens,
        issuedAt: tokens.issuedAt + by,
        ...(tokens.expiresAt !== undefined && { expiresAt: tokens.expiresAt + by }),
        ...(tokens.refreshIssuedAt !== undefined && { refreshIssuedAt: tokens.refreshIssuedAt + by })
      }
    }),
    ...(marker && { marker: { ...marker, at: marker.at + by, deadline: marker.deadline + by } })
  }
}

/** Text to keep in a store. It holds the tokens in the clear: a store either encrypts it or guards it. */
export const encode = (record: SessionRecord): string => {
  const { tokens, ...rest } = record
  return JSON.stringify({
    ...rest,
    ...(tokens && {
      tokens: {
        ...tokens,
        accessToken: Redacted.value(tokens.accessToken),
        ...(tokens.refreshToken && { refreshToken: Redacted.value(tokens.refreshToken) }),
        ...(tokens.tokenSecret && { tokenSecret: Redacted.value(tokens.tokenSecret) })
      }
    })
  })
}

/** Reads what `encode` wrote; `undefined` when it is something else. */
export const decode = (text: string): SessionRecord | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== "object" || value === null) return undefined
  const { tokens, ...rest } = value as Record<string, unknown>
  if (!Number.isSafeInteger(rest.version) || !Number.isSafeInteger(rest.generation)) return undefined
  if (tokens === undefined) return rest as unknown as SessionRecord
  const plain = tokens as Record<string, unknown>
  if (typeof plain?.accessToken !== "string" || !Number.isFinite(plain.issuedAt)) return undefined
  return {
    ...rest,
    tokens: {
      ...plain,
      accessToken: Redacted.make(plain.accessToken, { label: "accessToken" }),
      ...(typeof plain.refreshToken === "string" && {
        refreshToken: Redacted.make(plain.refreshToken, { label: "refreshToken" })
      }),
      ...(typeof plain.tokenSecret === "string" && {
        tokenSecret: Redacted.make(plain.tokenSecret, { label: "tokenSecret" })
      })
    }
  } as unknown as SessionRecord
}
