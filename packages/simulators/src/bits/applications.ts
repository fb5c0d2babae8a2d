/** Applications: the checks of applicants, as they come in, wait and are decided. */
import { randomUUID } from "node:crypto"
import { makeRandom } from "../random.ts"

/** How far an application is. `MANUAL_REVIEW` is inferred: the vendor's list could be read in part. */
export type ApplicationStatus =
  | "NOT_STARTED"
  | "IN_PROGRESS"
  | "APPROVED"
  | "DECLINED"
  | "FAILED"
  | "CANCELLED"
  | "MANUAL_REVIEW"

/** An application. */
export interface Application {
  /** `bits:application::` and a UUID. */
  readonly id: string
  readonly customerId: string
  readonly workflowId: string
  readonly countryCode: string
  readonly redirectUrl: string
  /** When it was created, RFC 3339. */
  readonly createdAt: string
  readonly organization: { readonly name: string; readonly number: string; readonly legalType: string }
  readonly iban: string
  status: ApplicationStatus
}

const trades = [
  "Bygg",
  "Transport",
  "Städ",
  "Restaurang",
  "Konsult",
  "El",
  "Måleri",
  "Redovisning",
  "Handel",
  "IT"
] as const
const places = ["Malmö", "Umeå", "Lund", "Visby", "Kalmar", "Gävle", "Falun", "Luleå", "Borås", "Norrköping"] as const
const legalTypes = ["Aktiebolag", "Enskild firma", "Handelsbolag"] as const

/** Makes up who applies: always the same for the same chance. */
const makeUp = (random: ReturnType<typeof makeRandom>) => ({
  organization: {
    name: `${random.pick(trades)} i ${random.pick(places)} AB`,
    number: `55${random.between(1000, 9999)}-${String(random.between(0, 9999)).padStart(4, "0")}`,
    legalType: random.pick(legalTypes)
  },
  iban: `SE${random.between(10, 99)}${Array.from({ length: 20 }, () => random.between(0, 9)).join("")}`
})

/** A UUID out of the data set's chance. */
const uuid = (random: ReturnType<typeof makeRandom>): string => {
  const hex = Array.from({ length: 32 }, () => random.between(0, 15).toString(16)).join("")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-b${hex.slice(17, 20)}-${hex.slice(20)}`
}

/** The applications there are at the start: some decided, some waiting, a few of them for too long. */
export const seedApplications = (seed: number, now: number, customerId: string): ReadonlyArray<Application> => {
  const random = makeRandom(seed * 104_729)
  const workflowId = `bits:workflow::${uuid(random)}`
  return Array.from({ length: 48 }, (): Application => {
    const age = random.between(0, 40)
    const open = random.chance(age < 4 ? 0.8 : 0.25)
    return {
      id: `bits:application::${uuid(random)}`,
      customerId,
      workflowId,
      countryCode: "SE",
      redirectUrl: "https://onboarding.halden-moore.example/done",
      createdAt: new Date(now - age * 86_400_000 - random.between(0, 86_399_999)).toISOString(),
      status: open
        ? random.pick(["NOT_STARTED", "IN_PROGRESS", "IN_PROGRESS", "MANUAL_REVIEW"] as const)
        : random.pick(["APPROVED", "APPROVED", "APPROVED", "DECLINED", "FAILED", "CANCELLED"] as const),
      ...makeUp(random)
    }
  })
}

/** A new application. */
export const newApplication = (
  fields: Pick<Application, "customerId" | "workflowId" | "countryCode" | "redirectUrl">,
  now: number
): Application => ({
  id: `bits:application::${randomUUID()}`,
  createdAt: new Date(now).toISOString(),
  status: "NOT_STARTED",
  ...fields,
  ...makeUp(makeRandom(now))
})
