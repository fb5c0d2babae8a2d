/** Python's oauthlib, from Debian: an implementation of RFC 5849 that shares nothing with this one. */
import { spawnSync } from "node:child_process"

/** The system's Python comes first: others that are installed beside it do not see Debian's packages. */
const python = ["/usr/bin/python3", "python3"].find(
  (command) => spawnSync(command, ["-c", "import oauthlib.oauth1"]).status === 0
)

/** Whether it is here. Where it is not, that is said once, and is a failure where it must be. */
export const hasOauthlib = (): boolean => {
  if (python !== undefined) return true
  if (process.env.CI === "true") throw new Error("There is no python3-oauthlib, and CI must test with one.")
  console.warn("\n*** SKIPPED: signatures are not checked against python3-oauthlib, which is not installed. ***\n")
  return false
}

/** Runs a Python program over JSON: `cases` is what it starts from, `results` what it fills. */
export const inPython = <A>(program: string, cases: unknown): A => {
  const source = `import json, sys
from oauthlib import oauth1
from oauthlib.oauth1.rfc5849 import signature
cases = json.load(sys.stdin)
results = []
${program}
json.dump(results, sys.stdout)
`
  const { status, stderr, stdout } = spawnSync(python as string, ["-c", source], {
    input: JSON.stringify(cases),
    encoding: "utf8",
    maxBuffer: 2 ** 28
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as A
}
