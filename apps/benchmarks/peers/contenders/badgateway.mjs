import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client"

export const setup = async ({ url, username, password }) => {
  const client = new OAuth2Client({
    server: url,
    clientId: "benchmark",
    tokenEndpoint: "/oauth/token",
    authenticationMethod: "client_secret_post"
  })
  const api = new OAuth2Fetch({ client, getNewToken: () => client.password({ username, password }) })
  await api.getAccessToken()
  return {
    read: async (id, signal) => (await api.fetch(`${url}/items/${id}`, { signal })).json(),
    store: async (items) => {
      const headers = { "content-type": "application/json" }
      return (await api.fetch(`${url}/items`, { method: "POST", headers, body: JSON.stringify(items) })).json()
    },
    // Its timer would keep the process alive.
    close: async () => clearTimeout(api.refreshTimer)
  }
}
