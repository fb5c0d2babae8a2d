import createClient from "openapi-fetch"
import { renew, signIn } from "./bench-tokens.mjs"

/** Each process signs in for itself and keeps its tokens in a variable; one 401 branch renews, once for all callers. */
export const setup = async (config) => {
  let tokens = await signIn(config)
  let renewing
  const api = createClient({ baseUrl: config.url })
  api.use({
    onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${tokens.access_token}`),
    onResponse: async ({ request, response }) => {
      if (response.status !== 401) return
      renewing ??= renew(config, tokens).finally(() => {
        renewing = undefined
      })
      tokens = await renewing
      const again = new Request(request)
      again.headers.set("Authorization", `Bearer ${tokens.access_token}`)
      return fetch(again)
    }
  })
  return {
    read: async () => {
      const { data, response } = await api.GET("/rp/api/v1/Accounts")
      if (!response.ok) throw new Error(`answered by ${response.status}`)
      return data
    },
    close: async () => {}
  }
}
