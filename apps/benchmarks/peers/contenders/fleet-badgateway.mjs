import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client"
import { signIn } from "./bench-tokens.mjs"

export const setup = async (config) => {
  const client = new OAuth2Client({
    server: config.url,
    clientId: "benchmark",
    tokenEndpoint: "/auth/token",
    authenticationMethod: "client_secret_post"
  })
  const api = new OAuth2Fetch({
    client,
    // Its sign-in is no OAuth, which is what this option is for.
    getNewToken: async () => {
      const { access_token: accessToken, expiry, refresh_token: refreshToken } = await signIn(config)
      return { accessToken, refreshToken, expiresAt: Date.parse(expiry) }
    }
  })
  await api.getAccessToken()
  return {
    read: async () => {
      const response = await api.fetch(`${config.url}/rp/api/v1/Accounts`)
      if (!response.ok) throw new Error(`answered by ${response.status}`)
      return response.json()
    },
    close: async () => clearTimeout(api.refreshTimer)
  }
}
