/** What the vendor of Bench does not state. This is the one place where it is declared; every reading of it is tested. */
import type { Readings, SwitchesOf } from "../switches.ts"

/** The readings of each behaviour; the first is the default. */
export const inferred = {
  /** Status for a wrong login or password at `/auth/signin`. */
  signInFailureStatus: [401, 400],
  /** Status for a body that is no form, at `/auth/signin` and `/auth/token`. */
  encodingFailureStatus: [400, 415],
  /** Status for a refresh token that is spent, expired or unknown at `/auth/token`. */
  refreshFailureStatus: [400, 401],
  /** The body of an auth failure: RFC 6749's `{error, error_description}`, or Bench's own `{errors: […]}`. */
  authErrorBody: ["oauth", "bench"],
  /** Status of a sign-in or a refresh that gave a session. */
  tokenStatus: [200, 201],
  /** Which method `/auth/signout` takes. */
  signOutMethod: ["POST", "GET", "DELETE"],
  /** Status of a sign-out that worked. */
  signOutStatus: [204, 200],
  /** Fraction digits of `expiry`. Nine are shown; whether they always come is not said. */
  expiryDigits: [9, 6, 3, 0],
  /** What `expiry` is the end of: the session as it would be without another request, or the refresh token. */
  expiryOf: ["session", "refreshToken"],
  /** Whether paths match in any letter case. */
  caseInsensitivePaths: [true, false],
  /** Whether a 401 of the API carries `WWW-Authenticate` (RFC 6750 §3). */
  wwwAuthenticate: [true, false],
  /** Whether the last page says `query-has-more: false` rather than nothing. */
  hasMoreFalse: [false, true],
  /** Whether the refresh token of an evicted session dies with it. */
  evictionEndsRefresh: [true, false],
  /** Whether a refreshed session keeps its place in the order of eviction rather than counting as the newest. */
  refreshKeepsAge: [false, true],
  /** Whether a new password of a service account ends the session that the old one opened. */
  passwordResetEndsSession: [true, false],
  /**
   * Whether a service account signs in only from its `allowedIPNetworks`, else 403. The address is the first of
   * `X-Forwarded-For`, and `127.0.0.1` without that.
   */
  enforceAllowedNetworks: [false, true],
  /** Status of an eleventh service account. */
  serviceAccountLimitStatus: [400, 422],
  /** Status of `reset-auth-method`: by whether the user had single sign-on (202) or a password (204), or always the same. */
  resetAuthMethodStatus: ["bySignOn", 202, 204],
  /** Whether an administrator of an account may set the permission group of a user of the whole system, else 403. */
  accountAdministratorsSetSystemGroups: [true, false],
  /** Status of the writes for which the vendor declares both and does not say when it is which. */
  emptyStatus: [204, 200],
  /** Whether the look-ups by external id answer with what the id means: the vendor declares no body. */
  externalBody: [true, false],
  /** Minutes for which an upload address takes content. */
  uploadMinutes: [60, 5],
  /** Whether POST of groupings adds to those that a person or project has, or replaces them. */
  postGroupings: ["add", "replace"],
  /** Whether PUT of groupings replaces those that a person or project has, or adds to them. */
  putGroupings: ["replace", "add"],
  /** Whether a grouping that is in use can be removed, and is taken from whoever has it, or not (400). */
  removeGroupingInUse: [true, false],
  /** Whether a role category that is in use can be removed, and its roles stay without one, or not (400). */
  removeCategoryInUse: [true, false],
  /** Whether phases that are not sent come behind those that are, when their order is changed, or before them. */
  phasesNotSent: ["last", "first"],
  /** Whether the roles of tasks count in `totalRoles` and `unfilledRoles`, too. */
  taskRolesInTotals: [false, true],
  /** Which roles the feed of tasks shows when it filters by role: those that match, or all of a task that has one. */
  taskFeedRoles: ["matching", "all"],
  /** What a role of a task takes of a person when `allocatedPercent` is missing, or whether that is refused (400). */
  missingPercent: [100, "refused"],
  /** Whether allocations in bulk are made all or none, or up to the first that is wrong. */
  bulkAllocations: ["allOrNone", "untilWrong"],
  /** What 0 asks for, and 1 the other: in `issues` projects with or without, in `filledState` filled roles or unfilled. */
  filterZero: ["with", "without"],
  /** Which day of the week 0 is in `workDays`. */
  dayZero: ["Sunday", "Monday"],
  /** Hours of a full working day in reports and costs: 8, or those between the project's `startTime` and `endTime`. */
  workday: [8, "project"],
  /** The first day of a week in reports. */
  weekStart: ["Monday", "Sunday"],
  /** The period of a report of hours that names none. */
  defaultPeriod: ["Annual", "Quarter", "Month", "Week"],
  /** Whether periods are cut off at the dates of a report that does not say `bounded`. */
  defaultBounded: [false, true],
  /** Whether the totals of a report are those of all its rows or of the page. */
  reportTotals: ["all", "page"],
  /** The order of the activity log. */
  activityOrder: ["newestFirst", "oldestFirst"],
  /** The unit of `assignmentDuration`. */
  durationUnit: ["days", "weeks"]
} as const satisfies Readings

/** The behaviours that the vendor does not state, one reading of each. */
export type BenchSwitches = SwitchesOf<typeof inferred>
