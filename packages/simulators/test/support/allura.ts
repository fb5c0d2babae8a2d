/** Plain requests to a simulated Allura, each answer held against the document. */
import type { AlluraSimulator } from "@keyturn/simulators"
import { judgeBy } from "./document.ts"

export const judge = judgeBy("allura")
// biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is judged by the document, not by the compiler.
export type Json = any
export const P = "/rest/p/scaffold"

export const ask = async (server: AlluraSimulator, method: string, path: string, init: RequestInit = {}) => {
  const answer = await fetch(server.url + path, {
    redirect: "manual",
    method,
    ...init,
    headers: { accept: "application/json", ...(init.headers as Record<string, string>) }
  })
  await judge.check(method, server.url + path, answer)
  return answer
}

export const as = (token: string, more: RequestInit = {}): RequestInit => ({
  ...more,
  headers: { authorization: `Bearer ${token}`, ...(more.headers as object) }
})
export const form = (fields: Record<string, string>) => new URLSearchParams(fields)
export const json = async (answer: Response | Promise<Response>): Promise<Json> => (await answer).json()
