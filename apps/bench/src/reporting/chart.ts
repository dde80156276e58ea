import { formatNumber } from "./format.ts"
import type { Results } from "./results.ts"
import { type Figure, figureOf } from "./statistics.ts"

interface Bar {
  title: string
  /** Determines the colour. */
  kind: "open" | "latchkey" | "peer"
  figure: Figure
}

/** The bars in order: first those without authentication, then those with it. */
const SHOWN: readonly [string, Bar["kind"]][] = [
  ["bare-http", "open"],
  ["trpc-bare", "open"],
  ["latchkey-open", "open"],
  ["trpc-fetch", "open"],
  ["trpc-fastify", "open"],
  ["latchkey-key", "latchkey"],
  ["latchkey-jwt", "latchkey"],
  ["latchkey-rest", "latchkey"],
  ["sha256", "peer"],
  ["better-auth", "peer"],
  ["bcrypt-10", "peer"],
  ["bcrypt-100", "peer"],
]

const WIDTH = 840
const LABELS = 350
const VALUES = 110
const ROW = 30
const BAR = 16
const TOP = 74
/** Bars longer than this multiple of the median bar are cut. */
const CUT_ABOVE = 6

const STYLE = `
  svg { color-scheme: light dark; font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; }
  .title { font-size: 16px; font-weight: 600; }
  text { fill: #1f2328; } .quiet { fill: #656d76; } .strong { font-weight: 600; }
  .open { fill: #afb8c1; } .latchkey { fill: #1a7f5a; } .peer { fill: #6e7fb8; }
  .spread { stroke: #1f2328; stroke-opacity: .55; } .axis { stroke: #d0d7de; } .cut { stroke: #ffffff; }
  .ground { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .quiet { fill: #8d96a0; }
    .open { fill: #59636e; } .latchkey { fill: #3fb984; } .peer { fill: #7f92d6; }
    .spread { stroke: #e6edf3; } .axis { stroke: #3d444d; } .cut { stroke: #0d1117; }
    .ground { fill: #0d1117; }
  }`

/** Draws the server CPU per request of each contender as an SVG with a light and a dark theme. */
export function drawChart({ contenders, machine, scale, quick }: Results): string {
  const measured = new Map(contenders.map((result) => [result.contender.name, result]))
  const bars = SHOWN.flatMap(([name, kind]): Bar[] => {
    const result = measured.get(name)
    if (!result) return []
    const figure = figureOf(result.rounds.map(({ serverCpu }) => serverCpu))
    return [{ title: result.contender.title, kind, figure }]
  })
  const end = axisEnd(bars)
  const height = TOP + bars.length * ROW + 34
  const { processor, cores, node, postgres } = machine
  const conditions = `${formatNumber(scale.keys)} keys, ${scale.connections} connections${quick ? "; a quick run" : ""}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">Server CPU for one auth.me</title>
<desc id="description">${escapeXml(bars.map(({ title, figure }) => `${title}: ${formatMicros(figure.median)}`).join("; "))}</desc>
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>
<text class="title" x="20" y="32">Server CPU for one auth.me</text>
<text class="quiet" x="20" y="54">lower is better; ${escapeXml(conditions)}; median, minimum and maximum</text>
<line class="axis" x1="${LABELS}" x2="${LABELS}" y1="${TOP - 6}" y2="${TOP + bars.length * ROW}"/>
${bars.map((bar, row) => drawBar(bar, TOP + row * ROW, end)).join("\n")}
<text class="quiet" x="20" y="${height - 16}" font-size="11">${escapeXml(`${processor}, ${cores} cores; Node ${node}; PostgreSQL ${postgres}`)}</text>
</svg>
`
}

function drawBar({ title, kind, figure }: Bar, y: number, end: number): string {
  const scale = (value: number) => LABELS + (Math.min(value, end) / end) * (WIDTH - LABELS - VALUES)
  const isCut = figure.median > end
  const right = scale(figure.median)
  const middle = y + ROW / 2
  const text = kind === "latchkey" ? ' class="strong"' : ""
  const spread = `<line class="spread" x1="${fixed(scale(figure.min))}" x2="${fixed(scale(figure.max))}" y1="${middle}" y2="${middle}"/>`
  const cut = `<path class="cut" d="M${right - 26} ${middle + 12}l8 -24m6 0l-8 24" stroke-width="3" fill="none"/>`
  return `<text${text} x="${LABELS - 10}" y="${middle + 4}" text-anchor="end">${escapeXml(title)}</text>
<rect class="${kind}" x="${LABELS}" y="${middle - BAR / 2}" width="${fixed(right - LABELS)}" height="${BAR}" rx="2"/>
${isCut ? cut : spread}
<text${text} x="${fixed(Math.max(right, isCut ? 0 : scale(figure.max)) + 8)}" y="${middle + 4}">${formatMicros(figure.median)}</text>`
}

/** The end of the axis. Next to the longest bars, a thousand times as long, the short ones would be invisible. */
function axisEnd(bars: readonly Bar[]): number {
  const lengths = bars.map(({ figure }) => figure.max).toSorted((a, b) => a - b)
  const median = lengths[Math.floor(lengths.length / 2)] ?? 1
  return Math.max(...lengths.filter((length) => length <= CUT_ABOVE * median), 1)
}

function formatMicros(micros: number): string {
  if (micros >= 1e6) return `${formatNumber(micros / 1e6)} s`
  return micros >= 1e4 ? `${formatNumber(micros / 1e3)} ms` : `${formatNumber(micros)} µs`
}

const fixed = (value: number) => value.toFixed(1)

const escapeXml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
