import { assert, describe, it } from "@effect/vitest"
import * as SessionStore from "@keyturn/auth/SessionStore"
import { contract } from "@keyturn/bench"
import { connect } from "@keyturn/client"
import { bench } from "@keyturn/simulators"
import * as Effect from "effect/Effect"

const path = "/rp/api/v1/Accounts"

/**
 * Two processes share a session, and one of them hears nothing of what the other does. `between` runs after the deaf one
 * was refused and before it sends its request again.
 */
const assemble = async () => {
  const server = await bench.listen()
  const store = { ...SessionStore.memory(), shared: true }
  const common = { baseUrl: server.url, credentials: server.credentials.service }
  let sent = 0
  let between = async () => {}
  const busy = await connect(contract, { ...common, store })
  const deaf = await connect(contract, {
    ...common,
    store: { ...store, subscribe: () => Effect.void },
    fetch: async (input, init) => {
      if (++sent === 2) await between()
      return fetch(input, init)
    }
  })
  /** Has the other process renew, and resolves when it has. */
  const renew = async () => {
    server.faults.add({ on: path, kind: "status", status: 401 })
    assert.strictEqual((await busy.GET(path)).response.status, 200)
  }
  return {
    server,
    deaf,
    renew,
    between: (what: () => Promise<void>) => {
      between = what
    },
    [Symbol.asyncDispose]: async () => {
      await deaf[Symbol.asyncDispose]()
      await busy[Symbol.asyncDispose]()
      await server.close()
    }
  }
}

describe("a request that is refused while another process renews", () => {
  it("is sent with what the other stored, though word of it is late, and again after another such time (I4)", async () => {
    await using house = await assemble()
    const { between, deaf, renew, server } = house
    await renew()
    between(renew)
    assert.strictEqual((await deaf.GET(path)).response.status, 200)
    await renew()
    assert.strictEqual((await deaf.GET(path)).response.status, 200)
    assert.strictEqual(server.stats().refreshes, 3)
  })

  it("waits for the other's answer when the server has renewed and the store does not know yet (I4)", async () => {
    await using house = await assemble()
    const { between, deaf, renew, server } = house
    await renew()
    let renewal: Promise<void> | undefined
    between(async () => {
      const slow = server.faults.add({ on: "refresh", kind: "delay", by: 400, at: "after" })
      renewal = renew()
      await slow.firing()
    })
    assert.strictEqual((await deaf.GET(path)).response.status, 200)
    await renewal
    assert.strictEqual(server.stats().refreshes, 2)
  })
})
