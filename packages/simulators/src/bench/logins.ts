/** Who can sign in now: changed by service accounts that come, go and get new passwords, and by users who leave. */
import type { Principal } from "./options.ts"
import type { Sessions } from "./sessions.ts"

export interface Logins {
  get(login: string): Principal | undefined
  /** Adds somebody, or replaces what is known of them. */
  set(principal: Principal): void
  /** Ends all sessions of a login; its next sign-in needs what `set` said last. */
  endSessions(login: string): void
  /** Lets nobody sign in with this login any more, and ends its sessions. */
  remove(login: string): void
}

export const makeLogins = (principals: Map<string, Principal>, sessions: Sessions): Logins => ({
  get: (login) => principals.get(login),
  set: (principal) => {
    principals.set(principal.login, principal)
  },
  endSessions: (login) => sessions.revoke(login),
  remove: (login) => {
    principals.delete(login)
    sessions.revoke(login)
  }
})

/** What a permission group may do here: an administrator writes, everybody else reads. */
export const rightsOf = (group: string): Principal["group"] => (group === "Administrator" ? "Administrator" : "Viewer")
