/**
 * Calls a contender so many times and ends. Plain JavaScript, for it is run by an engine that only interprets:
 *
 *     node --jitless instructions.mjs CONTENDER GET|POST COUNT
 */
const [file, method, count] = process.argv.slice(2)

const json = { headers: { "content-type": "application/json" } }
const token = JSON.stringify({
  access_token: "a".repeat(48),
  refresh_token: "r",
  token_type: "Bearer",
  expires_in: 3600
})
const item = JSON.stringify({
  id: 1,
  name: "A thing",
  tags: ["first", "second"],
  note: "Some words about it. ".repeat(10)
})
const things = Array.from({ length: 10 }, (_, id) => ({ id, note: "x".repeat(80) }))

// As a real one, it makes the request that it was not given.
globalThis.fetch = async (input, init) => {
  const request = input instanceof Request && init === undefined ? input : new Request(input, init)
  if (request.url.endsWith("/oauth/token")) return new Response(token, json)
  if (request.headers.get("authorization") === null) throw new Error("sent without a token")
  return new Response(method === "POST" ? '{"stored":true}' : item, json)
}

const { setup } = await import(file)
const api = await setup({ url: "https://items.example", username: "ada", password: "secret", inProcess: true })
for (let i = 0; i < Number(count); i++) {
  const answer = await (method === "POST" ? api.store(things) : api.read(1))
  if (answer === undefined) throw new Error("no answer")
}
process.exit(0)
