import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, it } from "@effect/vitest"
import type { Contract } from "@keyturn/contract"
import { connect } from "../src/index.ts"

const contract = {
  name: "permission",
  servers: [{ url: "https://permission.example" }],
  schemes: {
    session: {
      type: "oauth2",
      flows: { clientCredentials: { tokenUrl: "/token", scopes: [] } }
    }
  },
  security: { default: [{ session: [] }], operations: {} }
} as const satisfies Contract

it("operations that answer 401 for want of a right are not taken for a stranger, however many (T32)", async () => {
  let tokens = 0
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
    if (request.url === "/token")
      return answer(200, { access_token: `t${++tokens}`, token_type: "Bearer", expires_in: 3600 })
    return answer(request.url?.startsWith("/closed/") ? 401 : 200, {})
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await using api = await connect(contract, {
      baseUrl,
      credentials: { clientId: "id", clientSecret: "secret" } as never
    })
    for (let i = 0; i < 8; i++) {
      assert.strictEqual((await api.session.fetch(`/closed/${i}`)).status, 401)
      assert.strictEqual((await api.session.fetch("/open")).status, 200)
    }
    assert.isAtMost(tokens, 9)
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
