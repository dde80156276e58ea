/** Programs that imitate others come before the ones that they imitate. */
const PROGRAMS: readonly (readonly [name: string, sign: RegExp])[] = [
  ["Edge", /\bEdg(e|A|iOS)?\//],
  ["Opera", /\b(OPR|Opera)\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /\b(Headless)?(Chrome|CriOS|Chromium)\//],
  ["Safari", /\bSafari\//],
  ["curl", /^curl\//],
  ["Node.js", /^(node|undici)\b/i],
]

const SYSTEMS: readonly (readonly [name: string, sign: RegExp])[] = [
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Android", /\bAndroid\b/],
  ["Windows", /\bWindows NT\b/],
  ["macOS", /\bMacintosh\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
]

/**
 * Describes a client by its `User-Agent`, such as "Chrome on Linux". The description contains only names from the
 * tables above, because the header can contain anything. Null if it contains none of them.
 */
export function describeUserAgent(userAgent: string | null): string | null {
  if (userAgent === null) return null
  const nameIn = (names: typeof PROGRAMS) => names.find(([, sign]) => sign.test(userAgent.slice(0, 512)))?.[0]
  const parts = [nameIn(PROGRAMS), nameIn(SYSTEMS)].filter((part) => part !== undefined)
  return parts.length === 0 ? null : parts.join(" on ")
}
