/** `keyturn sessions list` and `show`: what a store keeps, without secrets. */
import type { Kept } from "./kept.ts"
import { absolute, relative } from "./times.ts"

/** The rows as columns of a table, each as wide as its widest text. */
const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

const isOver = ({ state }: Kept) => state === "signed out" || state === "signed out everywhere"

/** The sessions as a table: those that are over only with `all`. */
export const listText = (kept: ReadonlyArray<Kept>, all: boolean, place: string, now: number): string => {
  const shown = all ? kept : kept.filter((one) => !isOver(one))
  const hidden = kept.length - shown.length
  const more = hidden === 0 ? "" : `${hidden} more ${hidden === 1 ? "has" : "have"} ended: --all shows them.`
  if (shown.length === 0) return [`No session is kept in ${place}.`, more].filter(Boolean).join(" ")
  const rows = shown.map(({ accessToken, account, api, holders, names, server, slot, state }) => [
    names.join(", ") || api,
    slot === undefined ? account : `${account} (${slot})`,
    server,
    state,
    accessToken?.expiresAt === undefined ? "–" : relative(accessToken.expiresAt, now),
    String(holders)
  ])
  const text = table([["NAME", "ACCOUNT", "SERVER", "STATE", "EXPIRES", "HOLDERS"], ...rows])
  return more === "" ? text : `${text}\n\n${more}`
}

const line = (name: string, value: string | undefined): string =>
  value === undefined ? "" : `  ${`${name}:`.padEnd(15)}${value}\n`

const tokenText = (
  token: { readonly fingerprint: string; readonly issuedAt?: number; readonly expiresAt?: number } | undefined,
  now: number
): string | undefined => {
  if (token === undefined) return undefined
  const issued = token.issuedAt === undefined ? "" : `, issued ${absolute(token.issuedAt, now)}`
  const expires = token.expiresAt === undefined ? "" : `, expires ${absolute(token.expiresAt, now)}`
  return `${token.fingerprint}${issued}${expires}`
}

/** One session, with everything that can be told of it. */
export const showText = (one: Kept, now: number): string => {
  const { asked, holders, leased, marker, scope } = one
  const sent =
    marker &&
    `a ${marker.operation === "signIn" ? "sign-in" : "refresh"}, try ${marker.attempt}, sent ${relative(marker.at, now)}, given up ${relative(marker.deadline, now)}`
  return (
    `${one.names.join(", ") || one.api}\n` +
    line("state", one.error === undefined ? one.state : `${one.state}: ${one.error}`) +
    line("api", `${one.api} at ${one.server}`) +
    line("scheme", `${one.scheme}, grant ${one.grant}`) +
    line("account", one.slot === undefined ? one.account : `${one.account}, session ${one.slot}`) +
    line("asked for", asked?.join(" ")) +
    line("scope", scope?.join(" ")) +
    line("access token", tokenText(one.accessToken, now)) +
    line("refresh token", tokenText(one.refreshToken, now)) +
    line("generation", `${one.generation} (version ${one.version})`) +
    line("holders", String(holders)) +
    line("lease", leased > 0 ? `taken, ends in ${Math.ceil(leased / 1000)} s at the latest` : "free") +
    line("unanswered", sent) +
    line("key", one.key)
  )
}
