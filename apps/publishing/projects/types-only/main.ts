// npm install --save-dev @keyturn/bench: types alone, nothing of it is there at run time.
import type { components, paths } from "@keyturn/bench/types"

type Account = components["schemas"]["Account"]
type Projects = keyof paths & `${string}/Projects`

export const pathOf = (accountId: number): string => {
  const template: Projects = "/rp/api/v1/accounts/{accountId}/Projects"
  return template.replace("{accountId}", String(accountId))
}

export const nameOf = (account: Account): string | undefined => account.name ?? undefined

console.log(pathOf(1))
