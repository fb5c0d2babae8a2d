/** The short forms of what a fleet goes through; `pnpm chaos` has the long ones. */
import { describe, it } from "@effect/vitest"
import { ways } from "./crash/client.ts"
import { crash } from "./crash/matrix.ts"
import { linger, signOutEverywhere, slots } from "./holders.ts"
import { type EngineName, missing, places } from "./places.ts"
import { apiOutages, calm, engineOutages, kills, pauses, wrongClocks } from "./scenarios.ts"

const size = { processes: 6, requests: 40, pause: 80 }
const timeout = 120_000

/** Declares the tests of one engine. A file has one engine, so that two run side by side. */
export const fleetTests = (engine: EngineName) => {
  describe.skipIf(missing.has(engine))(`a fleet on the ${engine} store`, { timeout }, () => {
    it("signs in once, refreshes once an expiry, fails no request, and signs out once (I1, I2, I4, I5, T09, T10, T11)", () =>
      calm(engine, size))

    it("does so though its clocks are five minutes apart from each other (T40, T41)", () => wrongClocks(engine, size))

    it("spends no refresh token twice and signs in at most once a kill, whoever is killed when (I1, I4, I5, T15, T24)", () =>
      kills(engine, size, { every: 300, times: 4 }))

    it("notices nothing of an engine that is away for a second, however it is (I4, T27)", () =>
      engineOutages(engine, { ...size, requests: 60 }, 1000))
  })

  describe
    .skipIf(missing.has(engine))
    .concurrent(`the holders of a session on the ${engine} store`, { timeout }, () => {
      it("are all signed out by one of them, and stay so (I10, T54, T59)", () => signOutEverywhere(engine))

      it("that are short take it over from each other", () => linger(engine))

      it("share as many sessions as their account may have, and never one more (I5, T60)", () => slots(engine))
    })

  describe.skipIf(missing.has(engine)).concurrent(`processes on the ${engine} store`, { timeout }, () => {
    // A file's lease ends with the process; elsewhere the next one has to wait until its time is over.
    const deadline = engine === "file" ? 10_000 : 3000
    it.each(ways)(
      "leave what the protocol promises when killed, at each step: %s (I1, I2, I5, T12, T16, T25)",
      async (way) => {
        await using place = await places[engine]()
        await crash(place, way, 2, deadline)
      }
    )

    // The same for every engine; `pnpm chaos` has them all.
    it.runIf(engine === "file")(
      "are not disturbed by some that stood still for longer than their lease (I1, I5, T17, T23)",
      () => pauses(engine, { ...size, requests: 120 }, 1)
    )

    it.runIf(engine === "file")(
      "sign in at most once more for each answer that gets lost while the API is away (I4, I5, T25)",
      () => apiOutages(engine, { ...size, requests: 60 }, 1000)
    )
  })
}
