import {
  bearerTokenAuthenticationPolicy,
  createEmptyPipeline,
  createHttpHeaders,
  createPipelineRequest
} from "@azure/core-rest-pipeline"
import { refresh, signIn } from "./tokens.mjs"

/** The policy alone, over `fetch`: its own HTTP client has no seam to measure without a network. */
const httpClient = {
  sendRequest: async (request) => {
    const init = { method: request.method, headers: request.headers.toJSON(), signal: request.abortSignal }
    if (request.body !== undefined) init.body = request.body
    const response = await fetch(new Request(request.url, init))
    const headers = createHttpHeaders(Object.fromEntries(response.headers))
    return { request, status: response.status, headers, bodyAsText: await response.text() }
  }
}

export const setup = async (config) => {
  let tokens
  const credential = {
    getToken: async () => {
      tokens = tokens === undefined ? await signIn(config) : await refresh(config, tokens.refresh_token)
      return { token: tokens.access_token, expiresOnTimestamp: Date.now() + tokens.expires_in * 1000 }
    }
  }
  const pipeline = createEmptyPipeline()
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: "items" }))
  const send = async (options) => {
    const { bodyAsText, status } = await pipeline.sendRequest(httpClient, createPipelineRequest(options))
    if (status >= 400) throw new Error(`answered by ${status}`)
    return JSON.parse(bodyAsText)
  }
  return {
    read: (id, abortSignal) => send({ url: `${config.url}/items/${id}`, abortSignal }),
    store: (items) =>
      send({
        url: `${config.url}/items`,
        method: "POST",
        headers: createHttpHeaders({ "content-type": "application/json" }),
        body: JSON.stringify(items)
      }),
    close: async () => {}
  }
}
