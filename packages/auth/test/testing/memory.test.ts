import { describe, it } from "@effect/vitest"
import * as SessionStore from "@keyturn/auth/SessionStore"
import { storeContract } from "@keyturn/auth/testing"

describe("the memory store", () => {
  for (const { name, run } of storeContract(SessionStore.memory)) it(name, run)
})
