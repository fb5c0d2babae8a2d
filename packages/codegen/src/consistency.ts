/**
 * What the specification demands across places: ids that are unique, paths whose parameters are declared.
 */
import type { Operation } from "./operations.ts"
import { operationKey } from "./operations.ts"
import type { Report } from "./problem.ts"
import { isObject, type JsonObject, resolve } from "./tree.ts"

/** Reports operation ids that are taken twice, and template expressions without a parameter. */
export const checkConsistency = (root: JsonObject, operations: ReadonlyArray<Operation>, report: Report): void => {
  const owners = new Map<string, Operation>()
  for (const operation of operations) {
    if (operation.id === undefined) continue
    const owner = owners.get(operation.id)
    if (owner === undefined) {
      owners.set(operation.id, operation)
      continue
    }
    report({
      severity: "warning",
      rule: "operation-id-unique",
      message: `${operationKey(owner)} is called "${operation.id}" too`,
      hint: `${operationKey(operation)} can be called by its path only`,
      pointer: [...operation.pointer, "operationId"]
    })
  }
  for (const operation of operations) checkParameters(root, operation, report)
}

const checkParameters = (root: JsonObject, operation: Operation, report: Report): void => {
  const declared = new Set<string>()
  for (const list of [operation.pathItem.parameters, operation.node.parameters]) {
    for (const parameter of Array.isArray(list) ? list : []) {
      const { value } = resolve(root, parameter, [])
      if (isObject(value) && value.in === "path") declared.add(String(value.name))
    }
  }
  for (const [, name] of operation.path.matchAll(/\{([^{}]+)\}/g)) {
    if (declared.has(name as string)) continue
    report({
      severity: "warning",
      rule: "path-parameter",
      message: `the parameter "${name}" of this path is not declared`,
      hint: `add { name: ${name}, in: path, required: true, schema: { type: string } } to the operation's parameters`,
      pointer: operation.pointer,
      onKey: true
    })
  }
}
