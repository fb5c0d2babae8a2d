// npx keyturn generate openapi.yaml --out src/api
// npm install @keyturn/client @keyturn/contract openapi-fetch
import { connect } from "@keyturn/client"
import { contract } from "./src/api/index.ts"

await using pets = await connect(contract, {
  baseUrl: process.env.PETS_URL!,
  operations: ["GET /pets"],
  credentials: { clientId: "shop", clientSecret: process.env.PETS_SECRET! }
})
const { data } = await pets.GET("/pets")
console.log(data?.map(({ name }) => name).join(", "))
