import type { HttpMethod } from "openapi-typescript-helpers"

/** The operations of `paths`, as `"GET /path"`: the form in which a contract names them. */
export type OperationKey<Paths extends {}> = {
  [Path in keyof Paths & string]: {
    [Method in keyof Paths[Path] & HttpMethod]: Paths[Path][Method] extends undefined
      ? never
      : `${Uppercase<Method>} ${Path}`
  }[keyof Paths[Path] & HttpMethod]
}[keyof Paths & string]

type PathOf<Key extends string> = Key extends `${string} ${infer Path}` ? Path : never

/** `paths` with the chosen operations only: calling another one does not compile. */
export type Only<Paths extends {}, Key extends string> = {
  [Path in keyof Paths & PathOf<Key>]: {
    [Method in keyof Paths[Path]]: Method extends HttpMethod
      ? `${Uppercase<Method>} ${Path & string}` extends Key
        ? Paths[Path][Method]
        : never
      : Paths[Path][Method]
  }
}

/** What is left of `paths` when operations were chosen; all of it when none were. */
export type Chosen<Paths extends {}, Operations extends ReadonlyArray<string> | undefined> =
  Operations extends ReadonlyArray<string> ? Only<Paths, Operations[number]> : Paths
