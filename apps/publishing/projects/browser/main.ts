// npm install @keyturn/client @keyturn/pink
import { connect } from "@keyturn/client"
import { contract } from "@keyturn/pink"

const show = (text: string) => document.querySelector("output")?.append(text)

// A token that the person made and pasted: it stays in this page's memory.
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? ""
try {
  await using pink = await connect(contract, {
    baseUrl: location.origin,
    credentials: { personalAccessToken: { token } }
  })
  const { data } = await pink.GET("/v1/me")
  show(`Hello, ${data?.name}`)
} catch (error) {
  show(String(error))
}
