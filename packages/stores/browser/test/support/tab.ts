import type { BrowserContext, Frame, Page } from "playwright-core"
import type { Ability } from "./abilities.ts"
import type { Offer } from "./program.ts"
import type { Kind } from "./worker.ts"

/** Has a page's program do something. */
export const ask = <A extends keyof Offer>(
  page: Page | Frame,
  ability: A,
  ...args: Parameters<Offer[A]>
): ReturnType<Offer[A]> =>
  page.evaluate(
    ([ability, args]) =>
      ((globalThis as unknown as { keyturn: Offer }).keyturn[ability] as (...args: unknown[]) => unknown)(...args),
    [ability, args] as const
  ) as ReturnType<Offer[A]>

/** Has a worker of a page do something. */
export const askWorker = (page: Page, kind: Kind, ability: Ability, ...args: ReadonlyArray<unknown>) =>
  ask(page, "inWorker", kind, ability, ...args)

/** Opens a tab of the site whose program is ready. */
export const openTab = async (context: BrowserContext, url: string): Promise<Page> => {
  const page = await context.newPage()
  await page.goto(url)
  await page.waitForFunction("globalThis.keyturn !== undefined")
  return page
}
