/** Sets this process's clock wrong by `CLOCK_AHEAD` milliseconds. Imported before anything that asks what time it is. */
const ahead = Number(process.env.CLOCK_AHEAD ?? 0)

if (ahead !== 0) {
  const { now } = Date
  const Right = Date
  const Wrong = function (...args: ReadonlyArray<unknown>) {
    return new.target === undefined
      ? new Right(now() + ahead).toString()
      : Reflect.construct(Right, args.length === 0 ? [now() + ahead] : args, new.target)
  }
  Object.setPrototypeOf(Wrong, Right)
  Object.assign(Wrong, { prototype: Right.prototype, now: () => now() + ahead })
  globalThis.Date = Wrong as unknown as DateConstructor
}
