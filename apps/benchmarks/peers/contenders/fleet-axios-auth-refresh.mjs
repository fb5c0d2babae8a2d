import axios from "axios"
import { createAuthRefresh } from "axios-auth-refresh"
import { renew, signIn } from "./bench-tokens.mjs"

export const setup = async (config) => {
  let tokens = await signIn(config)
  const api = axios.create({ baseURL: config.url })
  api.interceptors.request.use((request) => {
    request.headers.set("Authorization", `Bearer ${tokens.access_token}`)
    return request
  })
  createAuthRefresh(api, async (failed) => {
    tokens = await renew(config, tokens)
    failed.response.config.headers.Authorization = `Bearer ${tokens.access_token}`
  })
  return { read: async () => (await api.get("/rp/api/v1/Accounts")).data, close: async () => {} }
}
