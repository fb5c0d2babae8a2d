import { ConfigurationError } from "@keyturn/auth/SessionError"
import { isSecure } from "@keyturn/auth/Transport"
import { type Contract, serverUrl } from "@keyturn/contract"

const parse = (text: string, what: string): URL => {
  if (!URL.canParse(text)) {
    throw new ConfigurationError({
      message: `${what} is not an absolute URL. Give one such as https://api.example.com.`
    })
  }
  const url = new URL(text)
  if (url.username !== "" || url.password !== "") {
    throw new ConfigurationError({
      message: `${what} holds a user name or a password. Give credentials apart from the URL.`
    })
  }
  if (!isSecure(url)) {
    throw new ConfigurationError({
      message: `${what} is ${url.protocol}//${url.host}: credentials travel over https only, or over http to this machine (localhost, 127.0.0.1, [::1]).`
    })
  }
  return url
}

/** The server in use, without a trailing slash, and every origin that may receive credentials. */
export const resolveOrigins = (
  contract: Contract,
  baseUrl: string | undefined,
  allowOrigins: ReadonlyArray<string> = []
): { readonly baseUrl: string; readonly origins: ReadonlyArray<string> } => {
  const [first] = contract.servers
  const declared = first === undefined ? undefined : serverUrl(first)
  const chosen = baseUrl ?? declared
  if (chosen === undefined) {
    throw new ConfigurationError({ message: `The contract ${contract.name} names no server. Give a baseUrl.` })
  }
  const server = parse(chosen, baseUrl === undefined ? `The server of ${contract.name}` : "The baseUrl")
  // A baseUrl replaces the contract's servers altogether; without one, all of them belong to the API.
  const others =
    baseUrl === undefined
      ? [...contract.servers.slice(1), ...Object.values(contract.operationServers ?? {}).flat()].map(serverUrl)
      : []
  const origins = [
    server.origin,
    ...others.flatMap((url) => (URL.canParse(url) && isSecure(new URL(url)) ? [new URL(url).origin] : [])),
    ...allowOrigins.map((origin) => parse(origin, "An origin in allowOrigins").origin)
  ]
  return { baseUrl: server.href.replace(/\/+$/, ""), origins: [...new Set(origins)] }
}
