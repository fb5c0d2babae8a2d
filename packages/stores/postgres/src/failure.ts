import type { Failure } from "@keyturn/auth/TextStore"
import { MissingPackage } from "./pool.ts"
import { Refused } from "./table.ts"

/** SQLSTATEs (PostgreSQL manual, appendix A) and classes of them, as far as there is something to say about them. */
const states: Readonly<Record<string, readonly [what: string, passing: boolean]>> = {
  "08": ["The connection to PostgreSQL broke.", true],
  "25006": ["This PostgreSQL is a standby and cannot be written to. Connect to the primary.", true],
  "28": ["PostgreSQL refused the user or password.", false],
  "3D000": ["The database of the URL does not exist.", false],
  "3F000": ["The schema does not exist. Create it, or give another one.", false],
  "40": ["PostgreSQL undid the statement because of another one.", true],
  "42501": [
    "The database user may not do this. It needs SELECT, INSERT and UPDATE on the table keyturn_session, and CREATE on its schema if the table is to be made.",
    false
  ],
  "42703": [
    "The table keyturn_session is not the store's: a column is missing. Choose another schema, or rename the table.",
    false
  ],
  "42P01": ["The table keyturn_session has gone.", true],
  // A table's row type goes by its name.
  "42710": [
    "The table keyturn_session is being made by another process, or a type of that name is in its way: then choose another schema, or rename the type.",
    true
  ],
  "42P07": ["The table keyturn_session is being made by another process.", true],
  "23505": ["The table keyturn_session is being made by another process.", true],
  "42P10": [
    "The table keyturn_session has no primary key on `key`. Choose another schema, or rename the table.",
    false
  ],
  "53": ["PostgreSQL is short of connections, memory or disk.", true],
  "55": ["PostgreSQL is busy.", true],
  "57": ["PostgreSQL is stopping, starting, or cut the statement short.", true],
  "58": ["PostgreSQL met an error of its system.", true]
}

/** Explains an error of the database or the connection. */
export const judge = (error: unknown): Failure => {
  if (error instanceof Refused) return { message: error.message, passing: false }
  if (error instanceof MissingPackage) {
    return { message: "The store needs the package `pg`: npm install pg. Or give it a pool.", passing: false }
  }
  const { code, errors, severity } = error as {
    code?: string
    errors?: ReadonlyArray<{ code?: string }>
    severity?: string
  }
  if (severity !== undefined && code !== undefined) {
    const [message, passing] = states[code] ?? states[code.slice(0, 2)] ?? ["PostgreSQL refused the statement.", false]
    return { message: `${message} (${code})`, passing }
  }
  if (error instanceof Error && error.message.includes("after calling end")) {
    return { message: "The pool of the store was ended. Close the sessions first.", passing: false }
  }
  const name = code ?? errors?.[0]?.code ?? (error instanceof Error ? error.name : typeof error)
  return {
    message: `PostgreSQL cannot be reached (${name}). Check that it runs, and the store's URL or pool.`,
    passing: true
  }
}
