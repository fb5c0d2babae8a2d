/**
 * What a store must do, as cases that any test runner can register:
 *
 * @example
 * ```ts
 * for (const { name, run } of storeContract(() => myStore())) test(name, run)
 * ```
 */
export { type StoreCase, storeContract } from "./store-contract.ts"
