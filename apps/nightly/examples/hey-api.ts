/**
 * A client that hey-api generated, kept signed in: it takes the session's `fetch`, and nothing else changes. The same holds
 * for every client that lets you choose its `fetch`.
 *
 *     npx openapi-ts -f examples/openapi-ts.config.ts     # makes generated/bits
 *     BITS_CLIENT_ID=… BITS_CLIENT_SECRET=… node examples/hey-api.ts bits:application::…
 */
import { contract } from "@keyturn/bits"
import { connect } from "@keyturn/client"
import { client } from "./generated/bits/client.gen.ts"
import { getApplication, getTokenOwner } from "./generated/bits/sdk.gen.ts"

const { BITS_CLIENT_ID = "", BITS_CLIENT_SECRET = "", BITS_URL = "https://api.bits.bi" } = process.env

await using bits = await connect(contract, {
  baseUrl: BITS_URL,
  credentials: { appToken: { clientId: BITS_CLIENT_ID, clientSecret: BITS_CLIENT_SECRET } }
})
client.setConfig({ baseUrl: BITS_URL, fetch: bits.session.fetch })

const { data: owner } = await getTokenOwner({ throwOnError: true })
console.log(`customer ${owner.customerId}`)

for (const applicationId of process.argv.slice(2)) {
  const { data, error } = await getApplication({ body: { applicationId } })
  console.log(applicationId, data?.status ?? error)
}
