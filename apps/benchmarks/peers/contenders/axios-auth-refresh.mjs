import axios from "axios"
import { createAuthRefresh } from "axios-auth-refresh"
import { refresh, signIn } from "./tokens.mjs"

export const setup = async (config, options) => {
  let tokens = await signIn(config)
  // Without a network, axios' own fetch adapter; with one, what axios chooses on Node.
  const api = axios.create({ baseURL: config.url, ...(config.inProcess && { adapter: "fetch" }) })
  api.interceptors.request.use((request) => {
    request.headers.set("Authorization", `Bearer ${tokens.access_token}`)
    return request
  })
  createAuthRefresh(
    api,
    async (failed) => {
      tokens = await refresh(config, tokens.refresh_token)
      failed.response.config.headers.Authorization = `Bearer ${tokens.access_token}`
    },
    options
  )
  return {
    read: async (id, signal) => (await api.get(`/items/${id}`, { signal })).data,
    store: async (items) => (await api.post("/items", items)).data,
    close: async () => {}
  }
}
