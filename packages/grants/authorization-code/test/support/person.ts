/** A person with a browser, as far as signing in needs one: a cookie jar, redirects, and the forms of the server's pages. */

/** What the person does at the consent page. */
export type Choice = "agree" | "decline"

/** What a browser shows. */
export interface Page {
  readonly url: string
  readonly html: string
}

/** A browser. */
export interface Browser {
  /** Opens a URL and follows redirects to the page at their end. */
  readonly open: (url: string, init?: RequestInit) => Promise<Page>
}

/** Makes a browser. `outside` is called instead of a visit to another origin, where nobody listens. */
export const browser = (outside?: (url: string) => void): Browser => {
  const jar = new Map<string, string>()
  const open: Browser["open"] = async (start, init = {}) => {
    let url = start
    let request = init
    for (let hop = 0; hop < 20; hop++) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ")
      const response = await fetch(url, { ...request, redirect: "manual", headers: { ...request.headers, cookie } })
      for (const line of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        jar.set(name, value)
      }
      const location = response.headers.get("location")
      if (location === null) return { url, html: await response.text() }
      await response.body?.cancel()
      const next = new URL(location, url)
      if (outside !== undefined && next.origin !== new URL(url).origin) {
        outside(next.href)
        return { url: next.href, html: "" }
      }
      url = next.href
      request = {}
    }
    throw new Error("too many redirects")
  }
  return { open }
}

const form = (fields: Record<string, string>): RequestInit => ({ method: "POST", body: new URLSearchParams(fields) })

/** Signs in at the server's pages and answers its question. Gives back where the browser ended up. */
export const signIn = async (browser: Browser, start: string, choice: Choice = "agree", login = "alice") => {
  let page = await browser.open(start)
  for (let step = 0; step < 4; step++) {
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(page.html) ?? []
    if (prompt === undefined) return page
    if (prompt === "consent" && choice === "decline") page = await browser.open(`${page.url}/abort`)
    else page = await browser.open(page.url, form({ prompt, login, password: "any" }))
  }
  throw new Error("the sign-in pages do not come to an end")
}

/** Enters a user code at the server's device page, signs in, and answers its question. */
export const enterCode = async (
  browser: Browser,
  verificationUri: string,
  userCode: string,
  choice: Choice = "agree"
) => {
  const page = await browser.open(verificationUri)
  const xsrf = ({ html }: Page) => /name="xsrf" value="(\w+)"/.exec(html)?.[1] ?? ""
  const asked = await browser.open(verificationUri, form({ xsrf: xsrf(page), user_code: userCode }))
  const fields = { xsrf: xsrf(asked), user_code: userCode }
  if (choice === "decline") return browser.open(verificationUri, form({ ...fields, abort: "yes" }))
  const confirmed = await browser.open(verificationUri, form({ ...fields, confirm: "yes" }))
  let at = confirmed
  for (let step = 0; step < 4; step++) {
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(at.html) ?? []
    if (prompt === undefined) return at
    at = await browser.open(at.url, form({ prompt, login: "alice", password: "any" }))
  }
  throw new Error("the device pages do not come to an end")
}
