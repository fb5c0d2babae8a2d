/** Service accounts: the logins of programs. What is made here can sign in, and what is deactivated cannot. */
import { randomBytes, randomInt } from "node:crypto"
import { BlockList, isIP } from "node:net"
import { invalid, unprocessable } from "./errors.ts"
import { type Call, created, done, ok, type Route } from "./http.ts"
import * as input from "./input.ts"
import { type Logins, rightsOf } from "./logins.ts"
import type { Principal } from "./options.ts"
import { found, type ServiceAccount } from "./records.ts"
import type { World } from "./world.ts"

const most = 10

// The vendor's example has characters that a form must escape, so every password here has some.
const awkward = "|>#&+%*?@$"
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"
const pick = (from: string, count: number) => Array.from({ length: count }, () => from[randomInt(from.length)])
const makePassword = (): string => [...pick(letters, 12), ...pick(awkward, 6), ...pick(letters, 14)].join("")

/** `address/bits`, IPv4 or IPv6. */
const network = (value: unknown, field: string): string => {
  const text = input.text(1)(value, field)
  const [address = "", bits = "", ...more] = text.split("/")
  const version = isIP(address)
  const fits = /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
  if (version === 0 || !fits || more.length > 0) throw invalid(field, value, "a network such as 10.0.0.0/8")
  return text
}

/** Whether a service account of this world, if it is one, may sign in from an address. */
export const isAllowed = (world: World | undefined, login: string, address: string): boolean => {
  const account = [...(world?.serviceAccounts.values() ?? [])].find((one) => one.login === login)
  if (!account?.allowedIPNetworks) return true
  const family = (text: string) => (isIP(text) === 6 ? "ipv6" : "ipv4")
  const allowed = new BlockList()
  for (const one of account.allowedIPNetworks) {
    const [net = "", bits] = one.split("/")
    allowed.addSubnet(net, Number(bits), family(net))
  }
  return isIP(address) !== 0 && allowed.check(address, family(address))
}

const readSettings = (body: unknown) => {
  const fields = input.object(body)
  const networks = (value: unknown, field: string) => {
    const all = input.list(value, network, field)
    if (all.length > 50) throw invalid(field, all.length, "a list of at most 50")
    return all
  }
  return {
    name: input.required(fields, "name", input.text(1, 250)),
    group: input.required(fields, "group", input.text(1, 50)),
    allowedIPNetworks: input.replaced(fields, "allowedIPNetworks", networks, null)
  }
}

/** Adds service accounts. */
export const addServiceAccounts = (route: Route, logins: Logins): void => {
  const base = "/rp/api/v1/accounts/{accountId}/service-accounts"
  const find = ({ world, id }: Call) => found(world.serviceAccounts.get(id("id")), "id", id("id"))
  /** What signs in for it; its accounts stay those it had. */
  const principalOf = (call: Call, account: ServiceAccount, password: string): Principal => ({
    login: account.login,
    password,
    kind: "service",
    group: rightsOf(account.group),
    accounts: logins.get(account.login)?.accounts ?? [call.world.account.id]
  })

  route("GET", base, ({ world, query }) => {
    const ids = input.optional(input.fromQuery(query, { ids: "ids" }), "ids", input.ids)
    return ok([...world.serviceAccounts.values()].filter(({ id }) => ids?.includes(id) ?? true))
  })

  route("POST", base, (call) => {
    const { world } = call
    const settings = readSettings(call.body)
    if (world.serviceAccounts.size >= most)
      throw world.switches.serviceAccountLimitStatus === 400
        ? invalid("accountId", world.account.id, `an account with fewer than ${most} service accounts`)
        : unprocessable("NotAllowed", `An account has at most ${most} service accounts.`)
    const account: ServiceAccount = {
      id: world.nextId(),
      login: randomBytes(16).toString("hex"),
      createdOn: call.today,
      ...settings
    }
    const password = makePassword()
    world.serviceAccounts.set(account.id, account)
    logins.set(principalOf(call, account, password))
    return created({ ...account, password })
  })

  route("PUT", `${base}/{id}`, (call) => {
    const account = Object.assign(find(call), readSettings(call.body))
    logins.set(principalOf(call, account, logins.get(account.login)?.password ?? makePassword()))
    return done
  })

  route("DELETE", `${base}/{id}`, (call) => {
    const { id, login } = find(call)
    call.world.serviceAccounts.delete(id)
    logins.remove(login)
    return done
  })

  route("POST", `${base}/{id}/reset-password`, (call) => {
    const account = find(call)
    const password = makePassword()
    logins.set(principalOf(call, account, password))
    if (call.world.switches.passwordResetEndsSession) logins.endSessions(account.login)
    return ok({ ...account, password })
  })
}
