import { connect } from "@keyturn/client"
import { contract } from "./items/contract.mjs"

export const setup = async ({ url, username, password }) => {
  const api = await connect(contract, { baseUrl: url, credentials: { username, password } })
  return {
    read: async (id, signal) => (await api.GET("/items/{id}", { params: { path: { id } }, signal })).data,
    store: async (items) => (await api.POST("/items", { body: items })).data,
    close: () => api[Symbol.asyncDispose]()
  }
}
