import type { Telemetry } from "../Telemetry.ts"

const telemetry: Telemetry = { onEvent: () => {}, call: (_operation, _background, effect) => effect, waited: () => {} }

/** The telemetry of sessions that report to nobody but their listeners. */
export const silent = (): Telemetry => telemetry
