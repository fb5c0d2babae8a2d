/** Who does something: the user or service account behind a login. */
import type { Call } from "./http.ts"
import type { Id } from "./world.ts"

export interface Actor {
  readonly id: Id
  readonly name: string
  readonly type: "Member" | "ServiceAccount"
}

export const actorOf = ({ world, principal }: Call): Actor => {
  for (const { id, name, login } of world.serviceAccounts.values())
    if (login === principal.login) return { id, name, type: "ServiceAccount" }
  for (const { id, name, email } of world.users.values())
    if (email === principal.login) return { id, name, type: "Member" }
  // Somebody who was deactivated while signed in through another account.
  return { id: 1, name: principal.login, type: principal.kind === "service" ? "ServiceAccount" : "Member" }
}
