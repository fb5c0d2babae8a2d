/** How many sign-ins and refreshes were under way at once: what a test of "one flight" needs to know of the server. */
import type { FaultEngine } from "./faults.ts"

/** Watches the requests named `signIn` and `refresh` as they pass through the faults. */
export const watchRenewals = <Operation extends string>(
  faults: FaultEngine<Operation>,
  nameOf: (request: Request) => string | undefined | Promise<string | undefined>
): { readonly faults: FaultEngine<Operation>; readonly peak: () => number } => {
  let underWay = 0
  let peak = 0
  return {
    peak: () => peak,
    faults: {
      ...faults,
      around: async (request, wire, handle) => {
        const name = await nameOf(request)
        if (name !== "signIn" && name !== "refresh") return faults.around(request, wire, handle)
        peak = Math.max(peak, ++underWay)
        try {
          return await faults.around(request, wire, handle)
        } finally {
          underWay--
        }
      }
    }
  }
}

/** Tells a sign-in from a refresh at a token endpoint that serves both, by the `grant_type` of a form or of JSON. */
export const grantOf = async (request: Request): Promise<"signIn" | "refresh"> => {
  const text = await request.clone().text()
  const json = request.headers.get("content-type")?.includes("json") ?? false
  return (json ? /"grant_type"\s*:\s*"refresh_token"/ : /(^|&)grant_type=refresh_token(&|$)/).test(text)
    ? "refresh"
    : "signIn"
}
