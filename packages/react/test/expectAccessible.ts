import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Page } from "playwright-core"
import { expect } from "vitest"

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

declare const axe: {
  run(): Promise<{ violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>
}

/** Runs axe on a page after its animations have finished, and returns the violations. */
async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {}))),
  )
  // Each document needs axe anew, and most documents are never checked.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axeSource)
  return page.evaluate(async () => {
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
    )
  })
}

/** The page has no axe violations, and is no wider than the window. */
export async function expectAccessible(page: Page, name = "the page"): Promise<void> {
  expect(await findViolations(page), name).toEqual([])
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0)
}

type View = readonly [theme: "light" | "dark", width: number]

/** Both themes, wide and narrow. */
export const VIEWS: readonly View[] = [
  ["light", 1440],
  ["dark", 1440],
  ["dark", 320],
  ["light", 320],
]

/** Each theme and each width once, for pages whose layout does not depend on the theme. */
export const THEMES: readonly View[] = [
  ["dark", 1440],
  ["light", 320],
]

/** As `expectAccessible` in each of these views, and leaves the page in the last. */
export async function expectAccessibleIn(views: readonly View[], page: Page, name: string): Promise<void> {
  for (const [colorScheme, width] of views) {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme })
    await expectAccessible(page, `${name}, ${colorScheme} at ${width} px`)
  }
}
