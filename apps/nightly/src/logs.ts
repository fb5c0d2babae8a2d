/** Where logs go: to stderr, for people or as JSON, one object a line. Stdout is for what was asked for. */
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"

/** The loggers. */
export const logs = (json: boolean): Layer.Layer<never> =>
  Layer.merge(
    Layer.succeed(Logger.LogToStderr, true),
    json ? Logger.layer([Logger.withConsoleError(Logger.formatJson)]) : Layer.empty
  )
