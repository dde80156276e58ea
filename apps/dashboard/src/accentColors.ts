type Rgb = readonly [red: number, green: number, blue: number]

/** The shades of an accent color in one theme. */
export interface AccentColors {
  /** For text and outlines on every background of the theme. */
  accent: string
  accentStrong: string
  /** For text on `accent`. */
  onAccent: string
  /** For buttons. */
  fill: string
  fillStrong: string
  /** For text on both fills. */
  onFill: string
}

const WHITE: Rgb = [255, 255, 255]
const BLACK: Rgb = [0, 0, 0]
const DARK_INK: Rgb = [16, 17, 20]

/** The background of each theme on which its accent is hardest to read, as in app.css. */
const THEMES = {
  light: { background: [244, 244, 246], away: BLACK, onAccent: WHITE },
  dark: { background: [27, 30, 36], away: WHITE, onAccent: DARK_INK },
} as const satisfies Record<string, { background: Rgb; away: Rgb; onAccent: Rgb }>

/** WCAG 2.2, 1.4.3. */
const READABLE = 4.5
/** Enough for a visible edge of a button, which its text identifies. */
const VISIBLE = 1.3

/**
 * The shades of a color in both themes. If the color itself would be hard to read, they are darker or lighter.
 *
 * @param color such as `#0b7285` or `#0ab`.
 */
export function accentColors(color: string): { light: AccentColors; dark: AccentColors } {
  return { light: shadesOf(parse(color), THEMES.light), dark: shadesOf(parse(color), THEMES.dark) }
}

function shadesOf(
  color: Rgb,
  { background, away, onAccent }: (typeof THEMES)["light" | "dark"],
): AccentColors {
  const accent = moveAway(color, { from: background, to: away, contrast: READABLE })
  const fill = moveAway(color, { from: background, to: away, contrast: VISIBLE })
  // The text on a button, and then a stronger shade that moves away from that text.
  const onFill = contrastOf(WHITE, fill) >= READABLE ? WHITE : BLACK
  const fillStrong = mix(fill, onFill === WHITE ? BLACK : WHITE, 0.16)
  return {
    accent: format(accent),
    accentStrong: format(mix(accent, away, 0.2)),
    onAccent: format(onAccent),
    fill: format(fill),
    fillStrong: format(fillStrong),
    onFill: format(onFill),
  }
}

/** The color, or the first of its mixtures with `to` that has enough contrast. */
function moveAway(color: Rgb, { from, to, contrast }: { from: Rgb; to: Rgb; contrast: number }): Rgb {
  for (let share = 0; share < 1; share += 0.02) {
    const mixed = mix(color, to, share)
    if (contrastOf(mixed, from) >= contrast) return mixed
  }
  return to
}

/** The contrast of two colors, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrastOf(one: Rgb | string, other: Rgb | string): number {
  const [darker = 0, lighter = 0] = [one, other]
    .map((color) => luminanceOf(typeof color === "string" ? parse(color) : color))
    .sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminanceOf(color: Rgb): number {
  const [red = 0, green = 0, blue = 0] = color.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const mix = (color: Rgb, other: Rgb, share: number): Rgb => {
  const channel = (index: 0 | 1 | 2) => Math.round(color[index] * (1 - share) + other[index] * share)
  return [channel(0), channel(1), channel(2)]
}

function parse(color: string): Rgb {
  const digits = color.slice(1)
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : digits.match(/../g)
  const [red = 0, green = 0, blue = 0] = (pairs ?? []).map((pair) => Number.parseInt(pair, 16))
  return [red, green, blue]
}

const format = (color: Rgb) => `#${color.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`
