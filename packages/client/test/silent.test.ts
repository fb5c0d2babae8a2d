import { afterEach, assert, describe, it } from "@effect/vitest"
import { vi } from "vitest"
import { connect } from "../src/index.ts"
import { pets } from "./support/pets.ts"
import { credentials, shop } from "./support/shop.ts"

describe("connect", () => {
  afterEach(() => void vi.restoreAllMocks())

  it("writes nothing to the console, also when a renewal fails: the events say it", async () => {
    const printed: Array<unknown> = []
    for (const level of ["log", "debug", "info", "warn", "error", "group", "trace"] as const) {
      vi.spyOn(console, level).mockImplementation((...values: ReadonlyArray<unknown>) => void printed.push(...values))
    }
    const heard: Array<string> = []
    await using server = await shop()
    const options = { baseUrl: server.url, onEvent: ({ _tag }: { readonly _tag: string }) => void heard.push(_tag) }
    const wrong = { ...credentials, password: "wrong" }
    assert.instanceOf(await connect(pets, { ...options, credentials: wrong }).catch((error: unknown) => error), Error)
    const client = await connect(pets, { ...options, credentials })
    await client[Symbol.asyncDispose]()
    assert.includeMembers(heard, ["RenewalFailed", "SignedIn", "SignedOut", "Closed"])
    assert.isEmpty(printed)
  })
})
