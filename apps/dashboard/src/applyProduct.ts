import { type AccentColors, accentColors } from "./accentColors.ts"
import { product } from "./settings.ts"

const PROPERTIES: Readonly<Record<keyof AccentColors, string>> = {
  accent: "--color-accent",
  accentStrong: "--color-accent-strong",
  onAccent: "--color-on-accent",
  fill: "--color-fill",
  fillStrong: "--color-fill-strong",
  onFill: "--color-on-fill",
}

/** Applies the product's accent color, if it has one. Must run before the first render. */
export function applyProduct() {
  if (product.accentColor === undefined) return
  const { light, dark } = accentColors(product.accentColor)
  for (const [name, property] of Object.entries(PROPERTIES) as [keyof AccentColors, string][]) {
    // The page policy forbids inline styles, but not this.
    document.documentElement.style.setProperty(property, `light-dark(${light[name]}, ${dark[name]})`)
  }
}
