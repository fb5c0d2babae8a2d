/**
 * Diagnostics on a terminal: every error, and of each kind of warning enough to see what it is about.
 */
import { type Diagnostic, formatDiagnostic } from "@keyturn/codegen"

const mostWarningsOfARule = 5

/** Prints to stderr, warnings first, so that what stops the work stands last. */
export const printDiagnostics = (diagnostics: ReadonlyArray<Diagnostic>): void => {
  const counts = new Map<string, number>()
  for (const diagnostic of diagnostics) {
    if (diagnostic.severity === "error") continue
    const seen = (counts.get(diagnostic.rule) ?? 0) + 1
    counts.set(diagnostic.rule, seen)
    if (seen <= mostWarningsOfARule) console.error(`\n${formatDiagnostic(diagnostic)}`)
  }
  for (const [rule, seen] of counts) {
    if (seen > mostWarningsOfARule) {
      console.error(
        `\n… and ${count(seen - mostWarningsOfARule, "more warning")} of the rule ${rule}: --json lists all.`
      )
    }
  }
  for (const diagnostic of diagnostics) {
    if (diagnostic.severity === "error") console.error(`\n${formatDiagnostic(diagnostic)}`)
  }
}

/** `1 file`, `2 files`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`
