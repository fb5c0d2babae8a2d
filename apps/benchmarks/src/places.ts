/** Folders. */
import { fileURLToPath } from "node:url"

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const root: string = path("../../../")
export const here: string = path("../")
export const documents: string = path("../documents/")
export const peers: string = path("../peers/")
export const keyturn: string = path("../keyturn/")
export const results: string = path("../results/")
/** The page of the documentation, and the folder of its charts. */
export const page: string = path("../../../docs/benchmarks.md")
export const pictures: string = path("../../../docs/images/benchmarks/")
/** What is built, packed and generated for the benchmarks; ignored by git. */
export const work: string = path("../.work/")
