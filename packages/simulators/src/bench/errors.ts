/** Bench's error body, and the ways in which a request can be wrong. */

/** One entry of Bench's error body. */
export interface ErrorEntry {
  readonly errorType:
    | "ValidationError"
    | "Overlapped"
    | "InvalidId"
    | "Duplicate"
    | "NotAllowed"
    | "CannotBeMadePrivate"
    | "DefinedValueError"
  readonly description: string
  readonly field?: string
  readonly values?: ReadonlyArray<string | null>
}

const titles: Readonly<Record<number, string>> = {
  400: "One or more validation errors occurred.",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  500: "Internal Server Error"
}

/** A request refused for what it asks, with the status and entries of the answer. */
export class Refusal extends Error {
  readonly status: number
  readonly entries: ReadonlyArray<ErrorEntry>
  constructor(status: number, ...entries: ReadonlyArray<ErrorEntry>) {
    super(entries[0]?.description ?? titles[status])
    this.name = "Refusal"
    this.status = status
    this.entries = entries
  }
}

/** The error body for a path. */
export const errorBody = (status: number, entries: ReadonlyArray<ErrorEntry>, path: string) => ({
  errors: entries.map((entry) => ({ errorCode: null, innerException: null, hResult: 0, ...entry })),
  title: titles[status] ?? "Error",
  status,
  instance: path.replace(/^\//, ""),
  requestUid: crypto.randomUUID()
})

/** 400: a value that breaks a rule of the interface. */
export const invalid = (field: string, value: unknown, rule: string): Refusal =>
  new Refusal(400, {
    errorType: "ValidationError",
    description: `The value of ${field} must be ${rule}.`,
    field,
    values: [value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value)]
  })

/** 403: not permitted, or not there; Bench does not tell which. */
export const forbidden = (field: string, id: unknown): Refusal =>
  new Refusal(403, {
    errorType: "InvalidId",
    description: `${field} was not found, or you may not see it.`,
    field,
    values: [String(id)]
  })

/** 403: there, but not for this caller. */
export const notAllowed = (description: string): Refusal => new Refusal(403, { errorType: "NotAllowed", description })

/** 409: there is one like it already. */
export const duplicate = (field: string, value: unknown): Refusal =>
  new Refusal(409, {
    errorType: "Duplicate",
    description: `There is another with the same ${field}.`,
    field,
    values: [String(value)]
  })

/** 422: understood, but against a rule of the business. */
export const unprocessable = (errorType: ErrorEntry["errorType"], description: string, field?: string): Refusal =>
  new Refusal(422, { errorType, description, ...(field !== undefined && { field }) })
