import * as Data from "effect/Data"

/** The live page cannot be shown. */
export class LiveUnavailable extends Data.TaggedError("LiveUnavailable")<{ readonly message: string }> {}
