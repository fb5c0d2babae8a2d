#!/usr/bin/env node
import { enableCompileCache } from "node:module"

// Most of a short run is the compiling of modules; Node keeps what it compiled, here and in whatever these load, for the
// next run (NODE_DISABLE_COMPILE_CACHE=1 turns it off). It has to be on before anything else is imported.
enableCompileCache()
const { start } = await import("./start.ts")
start()
