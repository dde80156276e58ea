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

/** Each theme and each width once. */
const VIEWS: readonly (readonly View[])[] = [
  [
    ["dark", 1440],
    ["light", 320],
  ],
  [
    ["light", 1440],
    ["dark", 320],
  ],
]

/**
 * Returns a function that checks a page as `expectAccessible` in each theme and at each width. From call to call, it
 * exchanges the themes, so that what pages share is checked in each theme at each width. It leaves the page narrow.
 */
export function walkAccessibly(page: Page) {
  let calls = 0
  return async (name: string): Promise<void> => {
    for (const [colorScheme, width] of VIEWS[calls++ % VIEWS.length] ?? []) {
      await page.setViewportSize({ width, height: 800 })
      await page.emulateMedia({ colorScheme })
      await expectAccessible(page, `${name}, ${colorScheme} at ${width} px`)
    }
  }
}
