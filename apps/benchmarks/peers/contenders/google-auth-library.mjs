import { OAuth2Client } from "google-auth-library"
import { signIn } from "./tokens.mjs"

export const setup = async (config) => {
  const { url } = config
  const client = new OAuth2Client({
    clientId: "benchmark",
    endpoints: { oauth2TokenUrl: `${url}/oauth/token` },
    ...(config.inProcess && { transporterOptions: { fetchImplementation: globalThis.fetch } })
  })
  const { access_token, expires_in, refresh_token } = await signIn(config)
  client.setCredentials({ access_token, refresh_token, expiry_date: Date.now() + expires_in * 1000 })
  return {
    read: async (id, signal) => (await client.request({ url: `${url}/items/${id}`, signal })).data,
    store: async (data) => (await client.request({ url: `${url}/items`, method: "POST", data })).data,
    close: async () => {}
  }
}
