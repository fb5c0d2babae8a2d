import { type BenchSimulator, bench } from "@keyturn/simulators"
import { inferred } from "../../src/bench/inferred.ts"
import { type Answer, asking, everyReading, form } from "../support/readings.ts"

// The smaller of the two accounts, which only the person sees.
const A = "/rp/api/v1/accounts/2"
const FEEDS = "/rp/api/v1/Accounts/2"
const week = { startDate: "2026-06-01", endDate: "2026-06-07" }

const signIn = (
  server: BenchSimulator,
  { login, password }: { readonly login: string; readonly password: string } = server.credentials.person,
  headers: Readonly<Record<string, string>> = {}
) => asking(server)("POST", "/auth/signin", form({ username: login, password }), headers)
const refresh = (server: BenchSimulator, refresh_token: string) =>
  asking(server)("POST", "/auth/token", form({ grant_type: "refresh_token", refresh_token }))

/** The person's calls. */
const enter = async (server: BenchSimulator) => asking(server, (await signIn(server)).json.access_token)

/** A project of the week with a role, and what is below its path. */
const planned = async (server: BenchSimulator, more: object = {}) => {
  const call = await enter(server)
  const { id } = (await call("POST", `${A}/Projects`, { name: "Annex", ...week, ...more })).json
  const path = `${A}/projects/${id}`
  const role = (await call("POST", `${path}/roles`, { name: "Foreman", ...week })).json
  const report = async (body: object) =>
    (await call("POST", `${path}/workforce-spend-reports/hours-breakdown`, body)).json
  /** The first period of a report in which the role has hours. */
  const period = async (body: object) =>
    (await report(body)).workforceSpendHoursBreakdown[0].periodWorkforceSpendHoursBreakdown[0]
  return { call, id, path, role, report, period, own: `${A}/Projects/${id}` }
}

/** A task of the week, with what a role of it is asked for. */
const tasked = async (server: BenchSimulator) => {
  const project = await planned(server)
  const task = (await project.call("POST", `${project.path}/tasks`, [{ name: "Roof", ...week }])).json[0]
  return { ...project, task, roles: `${project.path}/tasks/${task.id}/roles` }
}

/** A person with one of two groupings. */
const grouped = async (server: BenchSimulator) => {
  const call = await enter(server)
  const make = async (name: string) => (await call("POST", `${A}/groupings`, { name })).json.id as number
  const [first, second] = [await make("North"), await make("South")]
  const { id } = (await call("POST", `${A}/Persons`, { name: "Ida Ferro" })).json
  const path = `${A}/persons/${id}/groupings`
  await call("POST", path, [first])
  const held = async () => (await call("GET", `${A}/Persons/${id}`)).json.groupings as ReadonlyArray<number>
  return { call, path, first, second, held }
}

const serviceAccount = async (server: BenchSimulator, settings: object = {}) => {
  const call = await enter(server)
  const add = () => call("POST", `${A}/service-accounts`, { name: "Probe", group: "Viewer", ...settings })
  return { call, add, account: (await add()).json }
}

const statusOf = async (answer: Promise<Answer>) => (await answer).status
const worked = async (answer: Promise<Answer>) => (await statusOf(answer)) < 300

everyReading("Bench", inferred, (switches) => bench.create({ start: "2026-03-02T08:00:00Z", switches }), {
  signInFailureStatus: (server) => statusOf(signIn(server, { ...server.credentials.person, password: "no" })),
  encodingFailureStatus: (server) => statusOf(asking(server)("POST", "/auth/signin", {})),
  refreshFailureStatus: (server) => statusOf(refresh(server, "made-up")),
  authErrorBody: async (server) => ("errors" in (await refresh(server, "made-up")).json ? "bench" : "oauth"),
  tokenStatus: (server) => statusOf(signIn(server)),
  signOutMethod: async (server) => {
    for (const method of inferred.signOutMethod)
      if (await worked((await enter(server))(method, "/auth/signout"))) return method
    return undefined
  },
  signOutStatus: async (server) => statusOf((await enter(server))("POST", "/auth/signout")),
  expiryDigits: async (server) => (/\.(\d+)Z$/.exec((await signIn(server)).json.expiry)?.[1] ?? "").length,
  expiryOf: async (server) => {
    const hours = (Date.parse((await signIn(server)).json.expiry) - server.clock.now()) / 3_600_000
    return { 24: "session", 168: "refreshToken" }[Math.round(hours)]
  },
  caseInsensitivePaths: async (server) => worked((await enter(server))("GET", "/rp/api/v1/ACCOUNTS")),
  wwwAuthenticate: async (server) =>
    (await asking(server)("GET", "/rp/api/v1/Accounts")).headers.has("www-authenticate"),
  hasMoreFalse: async (server) =>
    (await (await enter(server))("GET", "/rp/api/v1/Accounts")).headers.get("query-has-more") === "false",
  evictionEndsRefresh: async (server) => {
    const first = await signIn(server, server.credentials.service)
    server.stranger(server.credentials.service.login)
    return !(await worked(refresh(server, first.json.refresh_token)))
  },
  refreshKeepsAge: async (server) => {
    const first = await signIn(server)
    await signIn(server)
    const renewed = await refresh(server, first.json.refresh_token)
    await signIn(server)
    await signIn(server)
    return !(await worked(asking(server, renewed.json.access_token)("GET", "/rp/api/v1/Accounts")))
  },
  passwordResetEndsSession: async (server) => {
    const { account, call } = await serviceAccount(server)
    const own = asking(server, (await signIn(server, account)).json.access_token)
    await call("POST", `${A}/service-accounts/${account.id}/reset-password`)
    return !(await worked(own("GET", "/rp/api/v1/Accounts")))
  },
  enforceAllowedNetworks: async (server) => {
    const { account } = await serviceAccount(server, { allowedIPNetworks: ["10.0.0.0/8", "2001:db8::/32"] })
    for (const address of ["10.1.2.3", "2001:db8::7, 192.0.2.1"])
      if (!(await worked(signIn(server, account, { "x-forwarded-for": address })))) return undefined
    return !(await worked(signIn(server, account)))
  },
  serviceAccountLimitStatus: async (server) => {
    const { add } = await serviceAccount(server)
    for (let time = 0; time < 10; time++) {
      const status = await statusOf(add())
      if (status !== 201) return status
    }
    return undefined
  },
  resetAuthMethodStatus: async (server) => {
    const call = asking(server, (await signIn(server, server.credentials.service)).json.access_token)
    const base = "/rp/api/v1/accounts/1/users"
    const enabled = ((await call("GET", base)).json as ReadonlyArray<{ id: number; state: string }>).filter(
      ({ state }) => state === "Enabled"
    )
    const seen = new Set<number>()
    for (const { id } of enabled) seen.add((await call("POST", `${base}/${id}/reset-auth-method`)).status)
    return seen.size === 2 ? "bySignOn" : [...seen][0]
  },
  accountAdministratorsSetSystemGroups: async (server) => {
    const call = await enter(server)
    const { id } = (await call("GET", `${A}/users`)).json[0]
    return worked(call("PUT", `/rp/api/v1/Users/${id}/membership`, { group: "Viewer" }))
  },
  emptyStatus: async (server) => {
    const { call, own, path } = await planned(server)
    const [field] = (await call("POST", `${A}/project-fields`, [{ name: "Site", type: "Text" }])).json
    const written = await statusOf(
      call("PATCH", `${path}/project-field-values`, [{ fieldId: field.id, values: ["North"] }])
    )
    const removed = await statusOf(call("DELETE", own))
    return written === removed ? removed : undefined
  },
  externalBody: async (server) => {
    const { call, own } = await planned(server)
    await call("PUT", `${own}/externalId`, { externalId: "CRM-1" })
    return (await call("GET", `${A}/external/projects/CRM-1`)).text !== ""
  },
  uploadMinutes: async (server) => {
    const call = await enter(server)
    const { id } = (await call("GET", `${A}/Persons?limit=1`)).json[0]
    const { uploadUrl } = (await call("POST", `${A}/persons/${id}/attachments`, { name: "permit.txt" })).json
    for (let minutes = 0; minutes <= 60; minutes++) {
      if (!(await worked(asking(server)("PUT", uploadUrl, "text")))) return minutes
      server.clock.advance({ minutes: 1 })
    }
    return undefined
  },
  postGroupings: async (server) => {
    const { call, path, second, held } = await grouped(server)
    await call("POST", path, [second])
    return (await held()).length === 2 ? "add" : "replace"
  },
  putGroupings: async (server) => {
    const { call, path, second, held } = await grouped(server)
    await call("PUT", path, [second])
    return (await held()).length === 2 ? "add" : "replace"
  },
  removeGroupingInUse: async (server) => {
    const { call, first, held } = await grouped(server)
    const gone = await worked(call("DELETE", `${A}/groupings/${first}`))
    return gone === ((await held()) === null) ? gone : undefined
  },
  removeCategoryInUse: async (server) => {
    const { call, path } = await planned(server)
    const [{ id }] = (await call("POST", `${path}/role-categories`, [{ name: "Tower" }])).json
    const role = (await call("POST", `${path}/roles`, { name: "Foreman", ...week, categoryId: id })).json
    const gone = await worked(call("DELETE", `${path}/role-categories`, [id]))
    return gone === ((await call("GET", `${path}/roles/${role.id}`)).json.categoryId === null) ? gone : undefined
  },
  phasesNotSent: async (server) => {
    const call = await enter(server)
    const ids = async () =>
      ((await call("GET", `${A}/Phases`)).json as ReadonlyArray<{ id: number }>).map(({ id }) => id)
    const middle = (await ids())[1] as number
    await call("PUT", `${A}/Phases`, [{ id: middle }])
    const after = await ids()
    return after[0] === middle ? "last" : after.at(-1) === middle ? "first" : undefined
  },
  taskRolesInTotals: async (server) => {
    const { call, own, roles } = await tasked(server)
    await call("POST", roles, { name: "Foreman", allocatedPercent: 50 })
    const { totalRoles, totalTaskRoles, unfilledRoles } = (await call("GET", own)).json
    return totalRoles === unfilledRoles && totalTaskRoles === 1 ? totalRoles === 2 : undefined
  },
  taskFeedRoles: async (server) => {
    const { call, roles, task } = await tasked(server)
    const { id } = (await call("POST", roles, { name: "Foreman", allocatedPercent: 50 })).json
    await call("POST", roles, { name: "Scheduler", allocatedPercent: 50 })
    const [shown] = (await call("GET", `${FEEDS}/tasks?taskIds=${task.id}&roleIds=${id}`)).json
    return { 1: "matching", 2: "all" }[shown.roles.length as number]
  },
  missingPercent: async (server) => {
    const { call, roles } = await tasked(server)
    const { json, status } = await call("POST", roles, { name: "Foreman" })
    return status === 400 ? "refused" : json.allocations[0].allocatedPercent
  },
  bulkAllocations: async (server) => {
    const { call, path, roles, task } = await tasked(server)
    const role = (await call("POST", roles, { name: "Foreman", allocatedPercent: 50 })).json
    const person = (await call("POST", `${A}/Persons`, { name: "Rui Costa" })).json
    const right = { roleId: role.id, personId: person.id, ...week }
    const wrong = { ...right, personId: 7 }
    if (await worked(call("POST", `${path}/tasks/${task.id}/roles/allocations/bulk`, [right, wrong]))) return undefined
    const [shown] = (await call("GET", `${FEEDS}/tasks?taskIds=${task.id}`)).json
    return shown.roles[0].isFilled ? "untilWrong" : "allOrNone"
  },
  filterZero: async (server) => {
    const { call, id } = await planned(server)
    const feed = `projectId=${id}&filledState=`
    const open = async (zero: 0 | 1) => (await call("GET", `${FEEDS}/roles?${feed}${zero}`)).json.length === 1
    const issues = async (zero: 0 | 1) =>
      ((await call("GET", `${A}/Projects?issues=${zero}`)).json as ReadonlyArray<{ id: number }>).some(
        (one) => one.id === id
      )
    // Neither filled nor in trouble.
    const [openAt0, quietAt0] = [await open(0), await issues(0)]
    if (openAt0 === (await open(1)) || quietAt0 === (await issues(1)) || openAt0 !== quietAt0) return undefined
    return openAt0 ? "without" : "with"
  },
  dayZero: async (server) => {
    const { report } = await planned(server, { workDays: [0] })
    const hours = async (day: string) =>
      (await report({ startDate: day, endDate: day, bounded: true })).totalWorkforceSpendHours
    const [monday, sunday] = [await hours("2026-06-01"), await hours("2026-06-07")]
    return monday > 0 && sunday === 0 ? "Monday" : sunday > 0 && monday === 0 ? "Sunday" : undefined
  },
  workday: async (server) => {
    const { report } = await planned(server, { startTime: "07:00:00", endTime: "17:30:00" })
    const { totalWorkforceSpendHours } = await report({ ...week, bounded: true })
    return { 40: 8, 53: "project" }[totalWorkforceSpendHours as number]
  },
  weekStart: async (server) => {
    const { period } = await planned(server)
    const { startDate } = await period({
      startDate: "2026-06-03",
      endDate: "2026-06-04",
      period: "Week",
      bounded: false
    })
    return { "2026-06-01": "Monday", "2026-05-31": "Sunday" }[startDate as string]
  },
  defaultPeriod: async (server) => {
    const { period } = await planned(server)
    const { endDate, startDate } = await period({ bounded: false })
    const days = (Date.parse(endDate) - Date.parse(startDate)) / 86_400_000 + 1
    return { 365: "Annual", 91: "Quarter", 30: "Month", 7: "Week" }[days]
  },
  defaultBounded: async (server) => {
    const { period } = await planned(server)
    const { startDate } = await period({ startDate: "2026-06-03", endDate: "2026-06-04", period: "Month" })
    return { "2026-06-01": false, "2026-06-03": true }[startDate as string]
  },
  reportTotals: async (server) => {
    const { call, path, report } = await planned(server)
    await call("POST", `${path}/roles`, { name: "Scheduler", ...week })
    const { totalWorkforceSpendHours } = await report({ limit: 1 })
    return { 40: "page", 80: "all" }[totalWorkforceSpendHours as number]
  },
  activityOrder: async (server) => {
    const { call, id } = await planned(server)
    const [first] = (await call("POST", `${A}/activities/_filter`, { predicates: { projectIds: [id] } })).json
    return { RoleCreated: "newestFirst", ProjectCreated: "oldestFirst" }[first.activityType as string]
  },
  durationUnit: async (server) => {
    const call = await enter(server)
    const { id } = (await call("POST", `${A}/Persons`, { name: "Ola Berg" })).json
    const sent = {
      projectName: "Pier",
      roleName: "Foreman",
      assignmentStartDate: "2020-06-01",
      assignmentEndDate: "2020-06-10",
      experienceFields: []
    }
    const { assignmentDuration } = (await call("POST", `${A}/persons/${id}/historical-experiences`, sent)).json
    return { 10: "days", 2: "weeks" }[assignmentDuration as number]
  }
})
