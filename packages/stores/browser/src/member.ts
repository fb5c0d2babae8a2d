/**
 * Whether a tab or worker is alive, told by the browser: each store in use holds a Web Lock of its own, which ends with
 * its page or worker however that ends. The lock says nothing else; who may renew is decided by the lease's deadline, so a
 * frozen tab that keeps its lock keeps nobody waiting.
 */

/** This store among those that have the same database. */
export interface Member {
  /** Joins, if that has not happened, and gives the member's id; empty where there are no Web Locks. */
  readonly join: () => Promise<string>
  /** Tells the dead of some members: a member is asked about only after something that it wrote was seen. */
  readonly isDead: () => Promise<(member: string) => boolean>
  readonly leave: () => void
}

/** Members that share `name`. */
export const makeMember = (name: string): Member => {
  const prefix = `${name}:`
  // Only in secure contexts; without it, what a dead tab leaves behind lasts until its deadline.
  const locks: LockManager | undefined = globalThis.navigator?.locks
  let leave = () => {}
  const left = new Promise<void>((resolve) => {
    leave = resolve
  })
  let joining: Promise<string> | undefined

  const join = (locks: LockManager): Promise<string> =>
    new Promise((resolve) => {
      const id = crypto.randomUUID()
      const held = () => {
        resolve(id)
        return left
      }
      locks.request(prefix + id, held).catch(() => resolve(""))
    })

  return {
    join: () => {
      joining ??= locks === undefined ? Promise.resolve("") : join(locks)
      return joining
    },
    isDead: async () => {
      const held = await locks?.query().then(
        ({ held }) => new Set(held?.map(({ name }) => name)),
        () => undefined
      )
      return (member) => held !== undefined && member !== "" && !held.has(prefix + member)
    },
    leave
  }
}
