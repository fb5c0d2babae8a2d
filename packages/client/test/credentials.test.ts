import { assert, describe, it } from "@effect/vitest"
import type { CredentialInput } from "@keyturn/auth/Credentials"
import type { Contract } from "@keyturn/contract"
import * as Redacted from "effect/Redacted"
import { type ConnectOptions, connect, isSessionError } from "../src/index.ts"
import { type Echo, echo, json } from "./support/echo.ts"
import { pets } from "./support/pets.ts"
import { credentials, shop } from "./support/shop.ts"

const contract = {
  name: "vault",
  servers: [{ url: "https://vault.example" }],
  schemes: {
    session: {
      type: "http",
      scheme: "bearer",
      session: {
        signIn: {
          grant: "password",
          method: "POST",
          path: "/signin",
          request: { account: "$credentials.account", pin: "$credentials.pin" }
        },
        refresh: { method: "POST", path: "/token", request: { refresh_token: "$session.refreshToken" } }
      }
    }
  },
  security: { default: [{ session: [] }], operations: {} }
} as const satisfies Contract

const listen = () => echo((_seen, response) => json(response, 200, { access_token: "a", expires_in: 60 }))

const open = ({ url }: Echo, credentials: unknown) =>
  connect(contract, { baseUrl: url, credentials } as unknown as ConnectOptions<typeof contract>)

const refusal = async (attempt: Promise<AsyncDisposable>): Promise<string> => {
  try {
    await (await attempt)[Symbol.asyncDispose]()
  } catch (error) {
    if (isSessionError(error) && error._tag === "ConfigurationError") return error.message
    throw error
  }
  throw new Error("it connected")
}

describe("a credential", () => {
  it.each([
    ["a number", 4711, "pin that is no text (number)"],
    ["a boolean", true, "pin that is no text (boolean)"],
    ["null", null, "pin that is no text (null)"],
    ["an object", { value: "4711" }, "pin that is no text (object)"],
    ["a hidden number", Redacted.make(4711), "pin that is no text (number)"]
  ])("that is %s is refused by its name and without its value, before anybody is asked", async (_, pin, expected) => {
    await using server = await listen()
    const message = await refusal(open(server, { account: "ada", pin }))
    assert.include(message, expected)
    assert.notInclude(message, "4711")
    assert.lengthOf(server.seen, 0)
  })

  it("that is text goes through as it is, with its leading zeros", async () => {
    await using server = await listen()
    await using _api = await open(server, { account: "ada", pin: "0042" })
    assert.deepStrictEqual(
      server.seen.map(({ body }) => body.toString()),
      ["account=ada&pin=0042"]
    )
  })

  it("that the environment did not have is missing, as an empty one is", async () => {
    await using server = await listen()
    assert.match(await refusal(open(server, { account: "ada", pin: undefined })), /missing or empty: pin/)
  })

  it("may not be an instant that cannot be read, where a token's end is given", async () => {
    await using server = await listen()
    const given = (expiresAt: unknown) => open(server, { grant: "token", token: "t", refreshToken: "r", expiresAt })
    for (const wrong of ["soon", 1_900_000_000, new Date("soon"), null]) {
      assert.include(await refusal(given(wrong)), "RFC 3339")
    }
    for (const right of ["2099-01-01T00:00:00Z", new Date("2099-01-01T00:00:00Z")]) {
      await using api = await given(right)
      assert.strictEqual(api.session.state?.expiresAt, Date.UTC(2099, 0, 1))
    }
  })

  it.each(["authorizationCode", "deviceAuthorization", "password"] as const)(
    "that is a token with its refresh token is refreshed where the flow %s says",
    async (flow) => {
      await using server = await listen()
      const flows = { [flow]: { tokenUrl: `${server.url}/token`, scopes: [] } }
      const schemes = { session: { type: "oauth2", flows } } as const
      const credentials = {
        grant: "token",
        token: "old",
        refreshToken: "r",
        expiresAt: "2001-01-01T00:00:00Z"
      } as never
      await using api = await connect({ ...contract, schemes }, { baseUrl: server.url, credentials })
      assert.strictEqual((await api.session.fetch("/x")).status, 200)
      assert.deepStrictEqual(
        server.seen.map(({ url, headers }) => [url, headers.authorization]),
        [
          ["/token", undefined],
          ["/x", "Bearer a"]
        ]
      )
      assert.include(server.seen[0]?.body.toString(), "refresh_token=r")
    }
  )

  it("may not be a refresh token where nobody says how it is used", async () => {
    await using server = await listen()
    const schemes = { session: { type: "openIdConnect", openIdConnectUrl: `${server.url}/.well-known` } } as const
    const credentials = { grant: "token", token: "t", refreshToken: "canary" } as never
    const message = await refusal(connect({ ...contract, schemes }, { baseUrl: server.url, credentials }))
    assert.include(message, "refreshToken is of no use")
    assert.notInclude(message, "canary")
  })

  it("is named: text alone, and a plugin in the place of a grant's name, are told where they belong", async () => {
    await using server = await listen()
    assert.include(await refusal(open(server, "token")), "by name")
    assert.include(await refusal(open(server, { grant: () => ({}) })), "option grant")
  })

  it("is text by type, for a generated contract and for one by hand", async () => {
    await using server = await shop()
    const { login } = credentials
    // @ts-expect-error a password is text
    const typed: ConnectOptions<typeof pets> = { baseUrl: server.url, credentials: { login, password: 1234 } }
    assert.include(await refusal(connect(pets, typed)), "no text (number)")
    // @ts-expect-error so is every credential of a contract without types
    const untyped: CredentialInput = { pin: 1234 }
    assert.lengthOf(Object.keys(untyped), 1)
  })
})
