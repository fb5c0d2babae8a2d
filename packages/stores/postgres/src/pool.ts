/** What is needed of `pg`, and a pool of our own. */

/** A `Pool` of the package `pg`, or anything that runs one statement a call as it does. */
export interface Pool {
  query(
    text: string,
    values?: Array<unknown>
  ): Promise<{
    // biome-ignore lint/suspicious/noExplicitAny: as in `pg`
    readonly rows: Array<any>
    readonly rowCount: number | null
    readonly fields: ReadonlyArray<{ readonly dataTypeID: number }>
  }>
}

/** A single connection that can listen. */
export interface ListenClient {
  connect(): Promise<unknown>
  query(text: string): Promise<unknown>
  on(
    event: "notification",
    listener: (message: { readonly channel: string; readonly payload?: string }) => void
  ): unknown
  on(event: "error" | "end", listener: () => void): unknown
  end(): Promise<void>
  unref?(): void
}

/** The package `pg` is not installed. */
export class MissingPackage extends Error {}

/** A connection that takes none of the pool's, made as the pool makes its own; `undefined` if the pool is of another kind. */
export const listenClientOf = (pool: Pool): ListenClient | undefined => {
  const { Client, options } = pool as { Client?: new (options: unknown) => ListenClient; options?: object }
  return Client === undefined || options === undefined ? undefined : new Client(options)
}

/** A pool that can be ended. */
export type OwnPool = Pool & { end(): Promise<void> }

/** A pool of our own: small, for calls are rare; impatient, for they are repeated; keeps no process alive. */
export const openPool = async (url: string): Promise<OwnPool> => {
  const { default: pg } = await import("pg").catch(() => {
    throw new MissingPackage()
  })
  const pool = new pg.Pool({
    connectionString: url,
    max: 3,
    connectionTimeoutMillis: 2500,
    query_timeout: 2500,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    allowExitOnIdle: true
  })
  pool.on("error", () => {}) // an idle connection that breaks is replaced; without a listener Node would end the process
  return pool
}
