import createClient from "openapi-fetch"
import { signIn } from "./tokens.mjs"

export const setup = async (config) => {
  const { access_token } = await signIn(config)
  const client = createClient({ baseUrl: config.url })
  client.use({ onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${access_token}`) })
  return {
    read: async (id, signal) => (await client.GET("/items/{id}", { params: { path: { id } }, signal })).data,
    store: async (items) => (await client.POST("/items", { body: items })).data,
    close: async () => {}
  }
}
