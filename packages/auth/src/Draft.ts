/** A request that is not made yet: what it is made of, for `fetch` to make it once instead of copying one made for it. */

/** The platform's own, as it was before anybody put another one in its place: that one may want whole requests. */
const platform = globalThis.fetch

/** Characters of a text from which on Node copies a second `Request` sooner than it copies the text. */
const LONG = 16_384

/**
 * Takes the place of `Request` where requests are built, such as openapi-fetch's option of that name. Headers go into
 * `init.headers` until it is sent.
 *
 * @example
 * ```ts
 * const draft = new Draft("https://api.example.com/items", { method: "GET", headers: new Headers() })
 * draft.headers.set("authorization", "Bearer …")
 * const response = await draft.send(fetch)
 * ```
 */
export class Draft {
  readonly url: string
  readonly init: RequestInit & { readonly headers: Headers }
  private made: Request | undefined

  constructor(url: string, init: RequestInit & { readonly headers: Headers }) {
    this.url = url
    this.init = init
  }

  get method(): string {
    return this.init.method ?? "GET"
  }

  get headers(): Headers {
    return this.init.headers
  }

  /** The request that it is about, made when it is first asked for. */
  get request(): Request {
    this.made ??= new Request(this.url, this.init)
    return this.made
  }

  /**
   * Sends it: as it is with the platform's `fetch`, which makes the request itself, unless the body is more than a short
   * text; as a `Request` with any other `fetch`.
   */
  send(fetch: (request: Request) => Promise<Response>): Promise<Response> {
    const { body } = this.init
    const short = body === undefined || body === null || (typeof body === "string" && body.length < LONG)
    return short && fetch === platform ? platform(this.url, this.init) : fetch(this.request)
  }
}
