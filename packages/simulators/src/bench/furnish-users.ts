/** Makes the users of an account, its service accounts, and who is invited. */
import { plus } from "./days.ts"
import { instant, type Parts } from "./furnishing.ts"
import { firstNames, lastNames } from "./names.ts"
import type { User } from "./records.ts"
import { offices } from "./words.ts"

export const addLogins = (parts: Parts, count: number): void => {
  const { world, random, today, principals } = parts
  const seen = principals.filter(({ accounts }) => accounts.includes(world.account.id))
  const purposes = ["Nightly reporting", "Warehouse export", "HR sync", "CRM sync"]
  for (const [i, { login, group }] of seen.filter(({ kind }) => kind === "service").entries()) {
    const id = world.nextId()
    const name = purposes[i] ?? `Integration ${i + 1}`
    world.serviceAccounts.set(id, { id, name, login, group, allowedIPNetworks: null, createdOn: plus(today, -400 + i) })
  }
  const add = (name: string, email: string, group: string) => {
    const id = world.nextId()
    const user: User = {
      id,
      name,
      title: random.pick(["Operations Manager", "Resource Planner", "HR Manager", "Estimator", "Controller"]),
      team: random.pick(offices),
      email,
      state: random.chance(0.9) ? "Enabled" : "Inactive",
      group,
      groupingPermissions: null,
      phoneNumber: null,
      createdOn: plus(today, -random.between(30, 1500)),
      invitationId: null,
      lastLoginOn: instant(parts, 40),
      singleSignOn: random.chance(0.3)
    }
    world.users.set(id, user)
    return user
  }
  for (const { login, group } of seen.filter(({ kind }) => kind === "person")) {
    const words = login.replace(/@.*/, "").split(/[._-]+/)
    const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ")
    Object.assign(add(name, login, group), { state: "Enabled", singleSignOn: false })
  }
  const emails = new Set([...world.users.values()].map(({ email }) => email))
  while (world.users.size < count) {
    const [first, last] = [random.pick(firstNames), random.pick(lastNames)]
    const email = `${first}.${last}@users.halden-moore.example`.toLowerCase()
    if (emails.has(email)) continue
    emails.add(email)
    add(`${first} ${last}`, email, random.pick(["Administrator", "Manager", "Manager", "Viewer"]))
  }
  for (const status of ["Pending", "Pending", "Expired", "Failed"] as const) {
    const id = world.nextId()
    const email = `${random.pick(firstNames)}.${random.pick(lastNames)}.${id}@users.halden-moore.example`.toLowerCase()
    const createdOn = instant(parts, status === "Pending" ? 6 : 90)
    world.invitations.set(id, { id, email, group: "Viewer", status, createdOn, groupingPermissions: null })
  }
}
