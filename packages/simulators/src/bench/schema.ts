/** The shapes that the document promises. Only types: the referee shares no code with the clients it judges. */
import type { components } from "@keyturn/bench/types"

type DeepReadonly<A> =
  A extends ReadonlyArray<infer Item>
    ? ReadonlyArray<DeepReadonly<Item>>
    : A extends object
      ? { readonly [K in keyof A]: DeepReadonly<A[K]> }
      : A

/** A schema of the document by name. */
export type Schema<Name extends keyof components["schemas"]> = DeepReadonly<components["schemas"][Name]>
