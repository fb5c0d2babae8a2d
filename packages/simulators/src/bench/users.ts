/** The people who sign in to Bench, and who is invited to. */
import { actorOf } from "./actor.ts"
import { invalid, notAllowed, unprocessable } from "./errors.ts"
import { type Call, created, done, ok, page, type Route } from "./http.ts"
import * as input from "./input.ts"
import { type Logins, rightsOf } from "./logins.ts"
import { found, type Invitation, type User } from "./records.ts"
import type { Schema } from "./schema.ts"
import type { World, Worlds } from "./world.ts"

const show = ({ singleSignOn: _, ...user }: User): Schema<"User"> => user

const groups = ["Administrator", "Manager", "Viewer"] as const

const readPermissions = (world: World, value: unknown, field: string) =>
  input.list(
    value,
    (entry, at) => {
      const fields = input.object(entry, at)
      const id = input.required(fields, "id", input.id)
      found(world.groupings.get(id), `${at}.id`, id)
      return { id, groupId: input.required(fields, "groupId", input.whole(1)) }
    },
    field
  )

const addInvitations = (route: Route): void => {
  const base = "/rp/api/v1/accounts/{accountId}/invitations"

  route("GET", base, ({ world, query }) =>
    page(
      [...world.invitations.values()],
      input.fromQuery(query, { offset: "number", limit: "number" }),
      { default: 1000 },
      (invitation) => invitation
    )
  )

  route("POST", base, (call) => {
    const { world } = call
    const fields = input.object(call.body)
    const email = input.email(input.required(fields, "email", input.text(6, 254)), "email")
    if ([...world.users.values()].some((user) => user.email.toLowerCase() === email.toLowerCase()))
      throw invalid("email", email, "that of somebody who does not use the account")
    const invitation: Invitation = {
      id: world.nextId(),
      email,
      group: input.replaced(fields, "group", input.text(1, 50), null),
      status: "Pending",
      createdOn: call.now,
      groupingPermissions: input.replaced(
        fields,
        "groupingPermissions",
        (value, field) => readPermissions(world, value, field),
        null
      )
    }
    world.invitations.set(invitation.id, invitation)
    return created(invitation)
  })

  route("DELETE", `${base}/{id}`, ({ world, id }) => {
    found(world.invitations.get(id("id")), "id", id("id"))
    world.invitations.delete(id("id"))
    return done
  })
}

/** Adds users, their profiles and their groups, and invitations. */
export const addUsers = (route: Route, logins: Logins, worlds: Worlds): void => {
  const base = "/rp/api/v1/accounts/{accountId}/users"
  const find = (call: Call, name = "id") => found(call.world.users.get(call.id(name)), name, call.id(name))

  /** A user's group counts at once, also for the session that they have now. */
  const regroup = (user: User, group: string) => {
    user.group = group
    const principal = logins.get(user.email)
    if (principal !== undefined) logins.set({ ...principal, group: rightsOf(group) })
  }

  route("GET", base, ({ world, query }) => {
    const fields = input.fromQuery(query, {
      offset: "number",
      limit: "number",
      group: "text",
      ids: "ids",
      nameSearch: "text"
    })
    const group = input.optional(fields, "group", input.text())
    const ids = input.optional(fields, "ids", input.ids)
    const name = input.optional(fields, "nameSearch", input.text(3))?.toLowerCase() ?? ""
    const all = [...world.users.values()]
      .filter((user) => (group ?? user.group) === user.group)
      .filter(({ id }) => ids?.includes(id) ?? true)
      .filter((user) => user.name.toLowerCase().includes(name))
    return page(all, fields, { default: 1000 }, show)
  })

  route("GET", `${base}/{id}`, (call) => ok(show(find(call))))

  route("PATCH", `${base}/{id}`, (call) => {
    const user = find(call)
    const fields = input.object(call.body)
    const patch = {
      name: input.changed(fields, "name", input.text(1, 250), user.name),
      title: input.changed(fields, "title", input.text(1, 250), user.title),
      phoneNumber: input.changed(fields, "phoneNumber", input.text(), user.phoneNumber),
      team: input.changed(fields, "team", input.text(), user.team)
    }
    Object.assign(user, patch)
    return done
  })

  route("DELETE", `${base}/{id}`, (call) => {
    const user = find(call)
    if (actorOf(call).id === user.id) throw notAllowed("Nobody can deactivate themselves.")
    user.state = "Disabled"
    logins.remove(user.email)
    return done
  })

  route("PUT", `${base}/{id}/membership`, (call) => {
    const user = find(call)
    const fields = input.object(call.body)
    const group = input.changed(fields, "group", input.oneOf<string>(...groups), user.group)
    const permissions = input.replaced(
      fields,
      "groupingPermissions",
      (value, field) => readPermissions(call.world, value, field),
      user.groupingPermissions
    )
    regroup(user, group)
    user.groupingPermissions = permissions
    return done
  })

  route("POST", `${base}/{userId}/reset-auth-method`, (call) => {
    const user = find(call, "userId")
    if (user.state === "Disabled") throw unprocessable("NotAllowed", "The user is deactivated.", "userId")
    const { resetAuthMethodStatus } = call.world.switches
    const status = resetAuthMethodStatus === "bySignOn" ? (user.singleSignOn ? 202 : 204) : resetAuthMethodStatus
    if (!user.singleSignOn) return { status }
    const invitation: Invitation = {
      id: call.world.nextId(),
      email: user.email,
      group: user.group,
      status: "Pending",
      createdOn: call.now,
      groupingPermissions: user.groupingPermissions
    }
    call.world.invitations.set(invitation.id, invitation)
    Object.assign(user, { singleSignOn: false, invitationId: invitation.id, state: "Inactive" })
    return { status }
  })

  route("GET", "/rp/api/v1/Accounts/{accountId}/user-profiles", ({ world, query }) => {
    const fields = input.fromQuery(query, { offset: "number", limit: "number", ids: "ids" })
    const ids = input.optional(fields, "ids", input.ids)
    const all = [...world.users.values()].filter(({ id }) => ids?.includes(id) ?? true)
    return page(all, fields, { default: 1000 }, ({ id, name, title, state }) => ({ id, name, title, state }))
  })

  route("PUT", "/rp/api/v1/Users/{id}/membership", (call) => {
    const id = call.id("id")
    const group = input.required(input.object(call.body), "group", input.oneOf<string>(...groups))
    const seen = call.principal.accounts.flatMap((account) => worlds.get(account) ?? [])
    if (!seen.every(({ switches }) => switches.accountAdministratorsSetSystemGroups))
      throw notAllowed("Groups of the system are not for administrators of an account to set.")
    const users = seen.flatMap((world) => world.users.get(id) ?? [])
    regroup(found(users[0], "id", id), group)
    return done
  })

  addInvitations(route)
}
