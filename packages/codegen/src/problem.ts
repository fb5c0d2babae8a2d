/**
 * Findings on their way to becoming diagnostics: reported against a pointer into the document, placed in a text at the end.
 */
import { type Diagnostic, frameOf, type Severity } from "./diagnostic.ts"
import type { LoadFault } from "./load.ts"
import type { Location, Pointer } from "./source.ts"

/** A finding about the value (or, with `onKey`, the key) at a pointer into the document. */
export interface Problem {
  readonly severity: Severity
  readonly rule: string
  readonly message: string
  readonly hint?: string | undefined
  readonly pointer: Pointer
  readonly onKey?: boolean | undefined
}

/** Where the steps of a generation report what they find. */
export type Report = (problem: Problem) => void

/** The diagnostic of a finding whose place in a text is known. */
export const placed = (
  { severity, rule, message, hint }: Omit<Problem, "pointer" | "onKey">,
  { source, pointer, onKey }: Location
): Diagnostic => {
  const span = source.span(pointer)
  const { start, end } = onKey && span.key !== undefined ? span.key : span
  const position = source.position(start, end)
  return {
    severity,
    rule,
    message,
    ...(hint === undefined ? {} : { hint }),
    file: source.name,
    position,
    frame: frameOf(source.lineAt, position)
  }
}

/** The diagnostic of a document that could not be read. */
export const loadDiagnostic = (fault: LoadFault, name: string): Diagnostic => {
  const { rule, message, hint, source, start, end } = fault
  const base = { severity: "error", rule, message, ...(hint === undefined ? {} : { hint }) } as const
  if (source === undefined || start === undefined) return { ...base, file: source?.name ?? name }
  const position = source.position(start, end ?? start + 1)
  return { ...base, file: source.name, position, frame: frameOf(source.lineAt, position) }
}
