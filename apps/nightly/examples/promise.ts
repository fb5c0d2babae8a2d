/**
 * The nightly run with promises alone: four services, four credentials, one store. A step that fails does not stop the
 * others, and sessions are kept for the next night. `node --env-file=../.env promise.ts`
 */
import { writeFile } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { contract as alluraContract } from "@keyturn/allura"
import { contract as benchContract } from "@keyturn/bench"
import { contract as bitsContract } from "@keyturn/bits"
import { connect, paginate } from "@keyturn/client"
import { contract as pinkContract } from "@keyturn/pink"
import { fileStore } from "@keyturn/store-file"

const env = (name: string) => process.env[name] ?? ""
await using store = fileStore({ path: env("NIGHTLY_STATE") || ".nightly/sessions.db" })
const to = (baseUrl: string) => ({ baseUrl, store, policy: { onClose: "keep" } }) as const

const steps = {
  unfilled: async () => {
    const credentials = { login: env("BENCH_LOGIN"), password: env("BENCH_PASSWORD") }
    await using bench = await connect(benchContract, { ...to(env("BENCH_URL")), credentials })
    const params = { path: { accountId: 1 }, query: { unfilled: true } }
    const roles = paginate(bench, benchContract, "GET /rp/api/v1/Accounts/{accountId}/roles", { params })
    return Array.fromAsync(roles, ({ projectName, roleName }) => `${roleName}, ${projectName}`)
  },
  backup: async () => {
    const credentials = { bearer: { token: env("ALLURA_TOKEN") } }
    await using allura = await connect(alluraContract, { ...to(env("ALLURA_URL")), credentials })
    const params = { path: { neighborhood: "p", project: env("ALLURA_PROJECT") } }
    const form = { body: { tools: "tickets,wiki" }, headers: { "content-type": "application/x-www-form-urlencoded" } }
    const { data, response } = await allura.POST("/rest/{neighborhood}/{project}/admin/export", { params, ...form })
    for (let seconds = 0; data !== undefined && seconds < 600; seconds++) {
      const { data: state } = await allura.GET("/rest/{neighborhood}/{project}/admin/export_status", { params })
      if (state?.status === "ready") return data.filename
      await sleep(1000)
    }
    throw new Error(data ? "the export takes too long" : `the export was refused (${response.status})`)
  },
  pending: async () => {
    const appToken = { clientId: env("BITS_CLIENT_ID"), clientSecret: env("BITS_CLIENT_SECRET") }
    await using bits = await connect(bitsContract, { ...to(env("BITS_URL")), credentials: { appToken } })
    const read = async (applicationId: string) => [
      applicationId,
      (await bits.POST("/v1/applications.get", { body: { applicationId } })).data?.status ?? "unknown"
    ]
    return Promise.all(env("BITS_APPLICATIONS").split(",").map(read))
  }
}

const outcomes = await Promise.allSettled(Object.values(steps).map((step) => step()))
const told = outcomes.map((one) => (one.status === "fulfilled" ? one.value : { failed: `${one.reason}` }))
const data = Object.fromEntries(Object.keys(steps).map((name, i) => [name, told[i]]))
await writeFile(env("NIGHTLY_REPORT") || "nightly.json", JSON.stringify(data, null, 2))

const credentials = { personalAccessToken: { token: env("PINK_TOKEN") } }
await using pink = await connect(pinkContract, { ...to(env("PINK_URL")), credentials })
const { data: published, response } = await pink.POST("/v1/reports", { body: { title: "Nightly", data } })
console.log(published ? `published as ${published.id}` : `not published (${response.status})`)
process.exitCode = published && outcomes.every(({ status }) => status === "fulfilled") ? 0 : 1
