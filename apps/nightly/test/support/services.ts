import { writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  type AlluraOptions,
  allura,
  type BenchOptions,
  type BenchSimulator,
  type BitsSimulator,
  bench,
  bits,
  type PinkSimulator,
  pink
} from "@keyturn/simulators"

/** The environment that points at a Bench. */
export const pointAt = (server: { readonly url: string; readonly credentials: BenchSimulator["credentials"] }) => ({
  BENCH_URL: server.url,
  BENCH_LOGIN: server.credentials.service.login,
  BENCH_PASSWORD: server.credentials.service.password
})

/** The environment that points at a Bits, with our own list of its applications. */
export const pointAtBits = (server: BitsSimulator, list: string) => {
  const known = server.applications().map(({ createdAt, id, status }) => ({ id, since: createdAt, status, ours: true }))
  writeFileSync(list, JSON.stringify(known))
  return {
    BITS_URL: server.url,
    BITS_CLIENT_ID: server.credentials.client.clientId,
    BITS_CLIENT_SECRET: server.credentials.client.clientSecret,
    BITS_APPLICATIONS: list
  }
}

/** The environment that points at a pink. */
export const pointAtPink = (server: PinkSimulator) => ({
  PINK_URL: server.url,
  PINK_TOKEN: server.credentials.personalAccessToken
})

/** An Allura, and the environment that points at it. */
export const openAllura = async (exports: string, options: AlluraOptions = {}) => {
  const server = await allura.listen({ exportTakes: { milliseconds: 300 }, exportDirectory: exports, ...options })
  const { consumerKey, consumerSecret, token, tokenSecret } = server.credentials.oauth1
  return {
    server,
    env: {
      ALLURA_URL: server.url,
      ALLURA_PROJECT: "scaffold",
      ALLURA_EXPORTS: exports,
      ALLURA_CONSUMER_KEY: consumerKey,
      ALLURA_CONSUMER_SECRET: consumerSecret,
      ALLURA_OAUTH_TOKEN: token,
      ALLURA_OAUTH_SECRET: tokenSecret
    }
  }
}

/** All four services, and the environment that points at them. */
export const openAll = async (base: string, options: { readonly bench?: BenchOptions } = {}) => {
  const [ofBench, ofAllura, ofBits, ofPink] = await Promise.all([
    bench.listen(options.bench),
    openAllura(join(base, "exports")),
    bits.listen(),
    pink.listen()
  ])
  const servers = { bench: ofBench, allura: ofAllura.server, bits: ofBits, pink: ofPink }
  return {
    ...servers,
    env: {
      ...pointAt(ofBench),
      ...ofAllura.env,
      ...pointAtBits(ofBits, join(base, "applications.json")),
      ...pointAtPink(ofPink)
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(Object.values(servers).map((server) => server.close()))
    }
  }
}

/** The reports that a pink holds, the newest first. */
export const reportsOf = async (server: PinkSimulator) => {
  const headers = { authorization: `Bearer ${server.credentials.personalAccessToken}` }
  const read = async (path: string) => (await fetch(`${server.url}${path}`, { headers })).json()
  const { items } = (await read("/v1/reports?limit=100")) as { items: ReadonlyArray<{ id: string; title: string }> }
  const own = items.filter(({ title }) => title.startsWith("Nightly report"))
  return Promise.all(own.map(async ({ id }) => (await read(`/v1/reports/${id}`)) as { title: string; data: object }))
}
