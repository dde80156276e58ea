import { randomBytes, randomInt } from "node:crypto"
import { RE2JS } from "re2js"
import { parse as parseToml } from "smol-toml"
import { expect, test } from "vitest"
import { parse as parseYaml } from "yaml"
import { formatKey } from "./keyFormat.ts"
import { createScanRules } from "./scanRules.ts"

interface Finder {
  name: string
  /** The secrets in a text. */
  find(text: string): string[]
}

/** Each scanner as its documentation describes it: the keyword first, then its regular expression. */
function findersFor(prefix: string): Finder[] {
  const rules = createScanRules(prefix)
  const [gitleaks] = (parseToml(rules.gitleaks) as { rules: [{ regex: string; keywords: [string] }] }).rules
  const [trufflehog] = (
    parseYaml(rules.trufflehog) as { detectors: [{ regex: { key: string }; keywords: [string] }] }
  ).detectors
  const { beforeSecret, secretFormat, afterSecret } = rules.github
  return [
    { name: "any", find: findWith(rules.pattern, 0) },
    { name: "gitleaks", find: withKeyword(gitleaks.keywords[0], findWith(gitleaks.regex, 0)) },
    { name: "TruffleHog", find: withKeyword(trufflehog.keywords[0], findWith(trufflehog.regex.key, 1)) },
    { name: "GitHub", find: findWith(`(?:${beforeSecret})(${secretFormat})(?:${afterSecret})`, 1) },
  ]
}

function findWith(pattern: string, group: number) {
  const compiled = RE2JS.compile(pattern)
  return (text: string) => {
    const matcher = compiled.matcher(text)
    const found: string[] = []
    while (matcher.find()) found.push(matcher.group(group) as string)
    return found
  }
}

const withKeyword = (keyword: string, find: Finder["find"]) => (text: string) =>
  text.toLowerCase().includes(keyword) ? find(text) : []

const newKey = (prefix: string) => formatKey({ prefix, key: randomBytes(32).toString("hex") })

/** Places in which people leave keys behind. */
const leaks = [
  (key: string) => key,
  (key: string) => `API_KEY=${key}\n`,
  (key: string) => `const key = "${key}";`,
  (key: string) => `curl -H 'X-API-Key: ${key}' https://api.example.com`,
  (key: string) => `https://api.example.com/?key=${key}&page=2`,
  (key: string) => `{"key":"${key}","other":1}`,
  (key: string) => `see (${key}).`,
]

for (const prefix of ["acme", "acme_live", "_x9", "a2"]) {
  for (const { name, find } of findersFor(prefix)) {
    test(`${name}'s rule finds keys that begin with ${prefix}_ wherever they stand`, () => {
      for (const leak of leaks) {
        const key = newKey(prefix)
        expect(find(leak(key))).toEqual([key])
      }
    })

    test(`${name}'s rule for ${prefix}_ finds nothing in 10,000 texts that resemble keys`, () => {
      const falsePositives = Array.from({ length: 10_000 }, () => lookalike(prefix)).flatMap(find)
      expect(falsePositives).toEqual([])
    })
  }
}

/** A text that is no key of this prefix, by its length, its alphabet, its prefix or what it is a part of. */
function lookalike(prefix: string): string {
  const hex = (length: number) => randomBytes(length).toString("hex").slice(0, length)
  const forms = [
    () => hex(64),
    () => randomBytes(54).toString("base64"),
    () => `${prefix}_${hex(randomInt(1, 72))}`,
    () => `${prefix}_${hex(randomInt(73, 200))}`,
    () => `${prefix}_${hex(71)}G`,
    () => `${prefix}_${hex(36)}-${hex(35)}`,
    () => `${prefix}_${hex(72).toUpperCase()}A`,
    () => `${prefix}-${hex(72)}`,
    () => newKey(`${prefix}z`),
    () => newKey(`z${prefix}`),
    () => `${prefix}_${hex(72)}_suffix`,
  ]
  return (forms[randomInt(forms.length)] as () => string)()
}

test("gitleaks ignores placeholders, which have little entropy", () => {
  const [rule] = (parseToml(createScanRules("acme").gitleaks) as { rules: [{ entropy: number }] }).rules
  expect(entropyOf(`acme_${"0".repeat(72)}`)).toBeLessThan(rule.entropy)
  for (let i = 0; i < 1000; i++) expect(entropyOf(newKey("acme"))).toBeGreaterThan(rule.entropy)
})

/** Shannon's entropy in bits for each character, as gitleaks computes it. */
function entropyOf(text: string): number {
  const counts = [...new Set(text)].map((character) => text.split(character).length - 1)
  return -counts.reduce((sum, count) => sum + (count / text.length) * Math.log2(count / text.length), 0)
}
