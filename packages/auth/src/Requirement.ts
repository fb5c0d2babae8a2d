/** Which credentials an operation gets: the choice among the alternatives of its security requirements. */
import type { Contract, Requirement, Requirements } from "@keyturn/contract"

const isSatisfied = (contract: Contract, requirement: Requirement, configured: ReadonlySet<string>): boolean =>
  Object.keys(requirement).every((name) => configured.has(name) || contract.schemes[name]?.type === "mutualTLS")

const usesDeprecated = (contract: Contract, requirement: Requirement): boolean =>
  Object.keys(requirement).some((name) => contract.schemes[name]?.deprecated === true)

/**
 * The alternative to use: the first one that is configured as a whole, one without deprecated schemes preferred. Empty for
 * anonymous access, which is chosen only when no configured alternative fits; `undefined` when the operation needs what is
 * not configured.
 */
export const choose = (
  contract: Contract,
  requirements: Requirements,
  configured: ReadonlySet<string>
): Requirement | undefined => {
  const fitting = requirements.filter(
    (requirement) => Object.keys(requirement).length > 0 && isSatisfied(contract, requirement, configured)
  )
  const chosen = fitting.find((requirement) => !usesDeprecated(contract, requirement)) ?? fitting[0]
  if (chosen !== undefined) return chosen
  const anonymous =
    requirements.length === 0 || requirements.some((requirement) => Object.keys(requirement).length === 0)
  return anonymous ? {} : undefined
}
