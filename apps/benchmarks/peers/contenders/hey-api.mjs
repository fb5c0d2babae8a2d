import { createClient } from "../../.work/hey-api/client/index.mjs"
import { readItem, storeItems } from "../../.work/hey-api/index.mjs"
import { signIn } from "./tokens.mjs"

export const setup = async (config) => {
  const { access_token } = await signIn(config)
  const client = createClient({ baseUrl: config.url, auth: () => access_token })
  return {
    read: async (id, signal) => (await readItem({ client, path: { id }, signal })).data,
    store: async (body) => (await storeItems({ client, body })).data,
    close: async () => {}
  }
}
