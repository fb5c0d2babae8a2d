/** Which credentials an operation gets: the choice among the alternatives of its security requirements. */
import type { Contract, Requirement, Requirements } from "@keyturn/contract"

const isSatisfied = (contract: Contract, requirement: Requirement, configured: ReadonlySet<string>): boolean =>
  Object.keys(requirement).every((name) => configured.has(name) || contract.schemes[name]?.type === "mutualTLS")

const usesDeprecated = (contract: Contract, requirement: Requirement): boolean =>
  Object.keys(requirement).some((name) => contract.schemes[name]?.deprecated === true)

/**
 * The schemes to use, by name: those of the first alternative that is configured as a whole, one without deprecated
 * schemes preferred. Empty for anonymous access, which is chosen only when no configured alternative fits; `undefined`
 * when the operation needs what is not configured.
 */
export const choose = (
  contract: Contract,
  requirements: Requirements,
  configured: ReadonlySet<string>
): ReadonlyArray<string> | undefined => {
  const fitting = requirements.filter(
    (requirement) => Object.keys(requirement).length > 0 && isSatisfied(contract, requirement, configured)
  )
  const chosen = fitting.find((requirement) => !usesDeprecated(contract, requirement)) ?? fitting[0]
  if (chosen !== undefined) return Object.keys(chosen).filter((name) => configured.has(name))
  const anonymous =
    requirements.length === 0 || requirements.some((requirement) => Object.keys(requirement).length === 0)
  return anonymous ? [] : undefined
}
