/**
 * Which kind of document this is: told by its first key, and refused early when it is of another family.
 */
import { didYouMean } from "./diagnostic.ts"
import type { Report } from "./problem.ts"
import { isObject } from "./tree.ts"

/** The versions that are read. 2.0 is upgraded to 3.0 first. */
export type OpenApiVersion = "2.0" | "3.0" | "3.1" | "3.2"

/** The document's version, or `undefined` when it is none of ours, which is reported. */
export const readVersion = (root: unknown, report: Report): OpenApiVersion | undefined => {
  const refuse = (message: string, hint: string, key?: string): undefined =>
    report({
      severity: "error",
      rule: "openapi-version",
      message,
      hint,
      pointer: key === undefined ? [] : [key]
    }) as undefined
  const supported = "supported are OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0"
  if (!isObject(root))
    return refuse("this is no OpenAPI document", "it must be an object that begins with openapi: 3.1.1")
  if (root.openapi === undefined && root.swagger === undefined) {
    if (root.overlay !== undefined) {
      return refuse("this is an overlay, not an OpenAPI document", "give it with --overlay", "overlay")
    }
    for (const other of ["asyncapi", "arazzo", "openrpc"]) {
      if (root[other] !== undefined)
        return refuse(`this is an ${other} document, not an OpenAPI document`, supported, other)
    }
    if (root.info !== undefined && isObject(root.item ?? root.items)) {
      return refuse("this is no OpenAPI document", "export it as OpenAPI first", "info")
    }
    const near = Object.keys(root).find((key) => didYouMean(key, ["openapi", "swagger"])?.startsWith("did"))
    return near === undefined
      ? refuse('the document does not say which version of OpenAPI it uses: "openapi" is missing', supported)
      : refuse(`"${near}" is not how an OpenAPI document begins`, "write openapi: 3.1.1", near)
  }
  if (root.swagger !== undefined) {
    // Written without quotes, YAML reads a number.
    if (root.swagger === "2.0" || root.swagger === 2) return "2.0"
    return refuse(`Swagger ${String(root.swagger)} is not supported`, supported, "swagger")
  }
  const match = /^3\.([012])(?:\.\d+)?(?:-.*)?$/.exec(String(root.openapi))
  if (match === null) return refuse(`OpenAPI ${String(root.openapi)} is not supported`, supported, "openapi")
  const version = `3.${match[1]}` as "3.0" | "3.1" | "3.2"
  // Later readers want the patch version too, as a text.
  if (!/^3\.\d\.\d+/.test(String(root.openapi))) root.openapi = `${version}.0`
  return version
}
