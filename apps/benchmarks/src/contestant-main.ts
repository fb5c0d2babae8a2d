/** The program of a contender's process: does the tasks that the parent sends, one at a time. */
const { CONTENDER, TASKS } = process.env
const tasks = (await import(TASKS as string)) as Record<string, (file: string, argument: unknown) => Promise<unknown>>

process.on("message", async ({ task, argument }: { task: string; argument: unknown }) => {
  try {
    const value = await tasks[task]?.(CONTENDER as string, argument)
    process.send?.({ value })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
process.once("disconnect", () => process.exit())
