import { bench } from "@keyturn/simulators"

/** A server whose service account may have one session, in a process of its own. */
export const serve = (options) => bench.listen(options)
