import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import { main } from "./main.ts"

/** Runs the command line of this process, to its exit code. */
export const start = (): void => main.pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
