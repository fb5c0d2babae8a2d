/** The token calls that a program writes itself when its library makes none (RFC 6749 §4.3 and §6). */
const call = async (url, fields) => {
  const response = await fetch(`${url}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({ ...fields, client_id: "benchmark" })
  })
  if (!response.ok) throw new Error(`the token call was answered by ${response.status}`)
  return response.json()
}

export const signIn = ({ url, username, password }) => call(url, { grant_type: "password", username, password })

export const refresh = ({ url }, refresh_token) => call(url, { grant_type: "refresh_token", refresh_token })
