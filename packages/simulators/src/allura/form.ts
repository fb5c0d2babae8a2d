/** The fields of a form body. */
import { isForm } from "../headers.ts"
import type { Parameters } from "./signature.ts"

/** The text fields of a form; none when the body is something else. Reads a copy, so that the body can be read again. */
export const readForm = async (request: Request): Promise<Parameters> => {
  const contentType = request.headers.get("content-type")
  if (isForm(contentType)) return [...new URLSearchParams(await request.clone().text())]
  if (!contentType?.startsWith("multipart/form-data")) return []
  const fields = await request.clone().formData()
  return [...fields].flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : []))
}
