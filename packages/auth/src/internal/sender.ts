/** Sends requests with credentials: to the API's own origins, signed where they have to be, and through redirects. */
import type { Call, Options } from "../AuthFetch.ts"
import type { Credential } from "../Credential.ts"
import { apply, type Placed, withoutSecrets } from "../Placement.ts"
import type { SessionHandle } from "../SessionHandle.ts"
import { follow, isRedirect } from "./resend.ts"
import { sendSigned } from "./sign.ts"

/** What must not go with a redirect to another origin, whoever put it there. */
const sensitive = ["authorization", "cookie", "dpop", "proxy-authorization"]

const placesOf = (credentials: ReadonlyArray<Credential>): ReadonlyArray<Placed> =>
  credentials.flatMap(({ placed }) => placed ?? [])

export const attach = (request: Request, credentials: ReadonlyArray<Credential>): Promise<Request> =>
  apply(request, placesOf(credentials))

/** One for all clients of an API. */
export class Sender {
  readonly fetch: Options["fetch"]
  readonly run: Options["run"]
  readonly wait: NonNullable<Options["wait"]>
  private readonly prefixes: ReadonlyArray<string>
  /** Answers of other origins: what they say of credentials is not about ours. */
  private readonly foreign = new WeakSet<Response>()
  /** The generation of each session that the API has accepted last. */
  private readonly accepted = new WeakMap<SessionHandle, number>()

  constructor({ fetch, origins, run, wait = (promise) => promise }: Options) {
    this.fetch = fetch
    this.run = run
    this.wait = wait
    this.prefixes = origins.map((origin) => `${origin}/`)
  }

  isOurs(url: string): boolean {
    return this.prefixes.some((prefix) => url.startsWith(prefix))
  }
  isForeign(response: Response): boolean {
    return this.foreign.has(response)
  }

  isAccepted(session: SessionHandle, credential: Credential | undefined): boolean {
    return this.accepted.get(session) === credential?.generation
  }
  accept(session: SessionHandle, { generation }: Credential): void {
    if (this.accepted.get(session) !== generation) this.accepted.set(session, generation)
  }
  acceptAll({ sessions }: Call, credentials: ReadonlyArray<Credential>): void {
    for (const [i, session] of sessions.entries()) this.accept(session, credentials[i] as Credential)
  }

  /** The credentials that a call needs, in the order of its sessions. */
  async credentials(call: Call): Promise<ReadonlyArray<Credential>> {
    const credentials: Array<Credential> = []
    for (const session of call.sessions) {
      credentials.push(session.credentialUnsafe() ?? (await this.wait(session.credentialAsync(call.signal))))
    }
    return credentials
  }

  /** Sends a request that has its credentials, signed where one of them is of signed requests. */
  async dispatch(
    call: Call,
    request: Request,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Promise<Response> {
    const transmit = call.fetch ?? this.fetch
    const signing = this.isOurs(request.url) ? credentials.find(({ sign }) => sign !== undefined) : undefined
    const response = await (signing === undefined
      ? transmit(request)
      : sendSigned(call, request, spare, signing, transmit))
    return withoutSecrets(response, placesOf(credentials))
  }

  /** The same for an answer that is a redirect: where it leads to in the end. */
  async followed(
    call: Call,
    sent: Request,
    answer: Response,
    spare: Request | undefined,
    credentials: ReadonlyArray<Credential>
  ): Promise<Response> {
    if (!isRedirect(call, answer)) return answer
    let ours = true
    const response = await follow(
      call,
      sent,
      answer,
      spare,
      (request) => {
        ours = this.isOurs(request.url)
        return this.prepare(request, credentials)
      },
      (request) => this.dispatch(call, request, spare, credentials)
    )
    if (!ours) this.foreign.add(response)
    return response
  }

  /** A request on its way to `url`: with the credentials within the API's origins, without any trace of them elsewhere. */
  private async prepare(request: Request, credentials: ReadonlyArray<Credential>): Promise<Request> {
    if (this.isOurs(request.url)) return attach(request, credentials)
    for (const name of sensitive) request.headers.delete(name)
    for (const { writes } of credentials) for (const name of writes) request.headers.delete(name)
    return request
  }
}
