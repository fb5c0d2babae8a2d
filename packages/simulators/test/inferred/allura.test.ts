import { type AlluraSimulator, allura } from "@keyturn/simulators"
import { inferred } from "../../src/allura/inferred.ts"
import { asking, everyReading, form } from "../support/readings.ts"

const consent = (server: AlluraSimulator, changes: Record<string, string> = {}) => {
  const { clientId: client_id, redirectUri: redirect_uri } = server.credentials.oauth2
  const query = form({ response_type: "code", client_id, redirect_uri, state: "s-1", ...changes })
  return asking(server)("GET", `/auth/oauth2/authorize?${query}`)
}

everyReading("Allura", inferred, (switches) => allura.create({ switches }), {
  badClientStatus: async (server) => {
    const [client, redirect] = [
      (await consent(server, { client_id: "nobody" })).status,
      (await consent(server, { redirect_uri: "https://evil.example/" })).status
    ]
    return client === redirect ? client : undefined
  },
  oauth2Denial: async (server) => {
    const ticket = /name="ticket" value="([^"]+)"/.exec((await consent(server)).text)?.[1] ?? ""
    const { headers, status } = await asking(server)("POST", "/auth/oauth2/do_authorize", form({ ticket, no: "Deny" }))
    if (status === 200) return "page"
    const { searchParams } = new URL(headers.get("location") ?? "")
    return searchParams.get("error") === "access_denied" && searchParams.get("state") === "s-1" ? "redirect" : undefined
  },
  badOrderStatus: async (server) => {
    const fields = form({ tool: "wiki", mount_point: "notes", mount_label: "Notes", order: "upside-down" })
    const call = asking(server, server.credentials.bearer)
    return (await call("POST", "/rest/p/scaffold/admin/install_tool", fields)).status
  },
  defaultAdmin: async (server) => {
    const call = asking(server, server.credentials.bearer)
    const make = async (shortname: string, more: object = {}) => {
      await call("POST", "/rest/p/add_project", { name: shortname, shortname, ...more })
      return (await call("GET", `/rest/p/${shortname}/admin/export_status`)).status
    }
    if ((await make("named", { admin: "dana" })) !== 200 || (await make("other", { admin: "guest" })) !== 403)
      return undefined
    return (await make("plain")) === 200 ? "caller" : "nobody"
  }
})
