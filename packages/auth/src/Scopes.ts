/** Scopes (RFC 6749 §3.3): what is asked for, and whether what was granted is enough. */
import { type Contract, type Requirement, requirementsOf } from "@keyturn/contract"
import { choose } from "./Requirement.ts"

/** For OAuth the names are scopes; for other schemes a document may list roles, which no token answer speaks of. */
const hasScopes = (contract: Contract, scheme: string): boolean => {
  const type = contract.schemes[scheme]?.type
  return type === "oauth2" || type === "openIdConnect"
}

/** The scopes that an alternative needs of a scheme. */
export const needed = (contract: Contract, requirement: Requirement, scheme: string): ReadonlyArray<string> =>
  hasScopes(contract, scheme) ? (requirement[scheme] ?? []) : []

/** The least set of scopes that covers every given requirement of a scheme. */
export const least = (
  contract: Contract,
  requirements: Iterable<Requirement>,
  scheme: string
): ReadonlyArray<string> => {
  const scopes = new Set<string>()
  for (const requirement of requirements) for (const scope of needed(contract, requirement, scheme)) scopes.add(scope)
  return [...scopes].sort()
}

/** The scopes to ask for: what the chosen operations need and no more; without a choice, what the server gives by itself. */
export const forOperations = (
  contract: Contract,
  scheme: string,
  configured: ReadonlySet<string>,
  operations: ReadonlyArray<string> | undefined
): ReadonlyArray<string> => {
  if (operations === undefined) return []
  const chosen = operations.map((operation) => {
    const at = operation.indexOf(" ")
    return choose(contract, requirementsOf(contract, operation.slice(0, at), operation.slice(at + 1)), configured) ?? {}
  })
  return least(contract, chosen, scheme)
}

/** The needed scopes that were not granted. Nothing is missing as far as is known when the grant does not say. */
export const missing = (
  needed: ReadonlyArray<string>,
  granted: ReadonlyArray<string> | undefined
): ReadonlyArray<string> => (granted === undefined ? [] : needed.filter((scope) => !granted.includes(scope)))
