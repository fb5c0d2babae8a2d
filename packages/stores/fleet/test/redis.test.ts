import { fleetTests } from "./support/fleet-tests.ts"

fleetTests("redis")
