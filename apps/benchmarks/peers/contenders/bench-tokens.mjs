/** The token calls of Bridgit Bench, as a program writes them that has no library for them. */
const call = async (url, fields) => {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields) })
  if (!response.ok) throw new Error(`the token call was answered by ${response.status}`)
  return response.json()
}

export const signIn = ({ credentials: { login, password }, url }) =>
  call(`${url}/auth/signin`, { username: login, password })

export const refresh = ({ url }, refresh_token) =>
  call(`${url}/auth/token`, { grant_type: "refresh_token", refresh_token })

/** Refreshes, and signs in where that is refused: what everybody writes. */
export const renew = async (config, { refresh_token }) => {
  try {
    return await refresh(config, refresh_token)
  } catch {
    return signIn(config)
  }
}
