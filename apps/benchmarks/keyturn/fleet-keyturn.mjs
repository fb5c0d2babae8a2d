import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import { openStore } from "./stores.mjs"

export const setup = async ({ credentials, store: spec, url }) => {
  const store = openStore(spec)
  const api = await connect(contract, { baseUrl: url, credentials, store })
  return {
    read: async () => (await api.GET("/rp/api/v1/Accounts")).data,
    close: async () => {
      await api[Symbol.asyncDispose]()
      await store.close()
    }
  }
}
