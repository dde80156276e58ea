import fc from "fast-check"
import { expect, test } from "vitest"
import { accentColors, contrastOf } from "./accentColors.ts"

const color = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`)

/** The backgrounds of app.css. */
const BACKGROUNDS = { light: ["#ffffff", "#fafafa", "#f4f4f6"], dark: ["#0c0d10", "#14161a", "#1b1e24"] }

test("every accent color is readable as text and on buttons, in both themes", () => {
  fc.assert(
    fc.property(color, (given) => {
      const themes = accentColors(given)
      for (const theme of ["light", "dark"] as const) {
        const { accent, accentStrong, onAccent, fill, fillStrong, onFill } = themes[theme]
        const pairs = [
          ...BACKGROUNDS[theme].flatMap((background) => [
            [accent, background],
            [accentStrong, background],
          ]),
          [onAccent, accent],
          [onAccent, accentStrong],
          [onFill, fill],
          [onFill, fillStrong],
        ]
        const lowest = Math.min(...pairs.map(([one = "", other = ""]) => contrastOf(one, other)))
        expect(lowest).toBeGreaterThanOrEqual(4.5)
      }
    }),
    { numRuns: 500 },
  )
})

test("a readable color is not changed", () => {
  expect(accentColors("#0b5")).toMatchObject({ dark: { accent: "#00bb55", fill: "#00bb55" } })
  expect(accentColors("#1d4ed8")).toMatchObject({ light: { accent: "#1d4ed8", onFill: "#ffffff" } })
})
