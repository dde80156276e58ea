import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type CodeBlock, codeBlock, readCodeBlocks } from "@latchkey/test-postgres"
import { describe, expect, test } from "vitest"
import packageJson from "../../../../package.json" with { type: "json" }
import { createTerminalFormat } from "../../src/terminalFormat.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const list = (path: string) => (existsSync(join(root, path)) ? readdirSync(join(root, path)) : [])

const packages = ["packages", "apps"].flatMap((parent) => list(parent).map((name) => `${parent}/${name}`))
const documents = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "SECURITY-ASVS.md"],
  ...list("docs").map((name) => `docs/${name}`),
  ...packages.map((folder) => `${folder}/README.md`),
].filter((path) => path.endsWith(".md") && existsSync(join(root, path)))

const PAGES_WITH_TESTED_BLOCKS = /^(README\.md|docs\/.*|packages\/.*)$/

/** The calls of `codeBlock` and `codeBlocks` in all tests, as a function that tells which test uses a block. */
function findUsers() {
  const testFiles = packages.flatMap((folder) =>
    ["src", "test"].flatMap((part) =>
      readdirIfThere(join(folder, part))
        .filter((name) => name.endsWith(".ts") && (part === "test" || name.includes(".test.")))
        .map((name) => join(folder, part, name)),
    ),
  )
  const calls = testFiles.flatMap((file) =>
    [...read(file).matchAll(/codeBlocks?\(\s*"([^"]+)",\s*"(\w*)"(?:,\s*"([^"]+)")?,?\s*\)/g)].map(
      ([, page, language, heading]) => ({ file, page, language, heading }),
    ),
  )
  return (block: CodeBlock) =>
    calls.find(
      ({ page, language, heading }) =>
        page === block.page &&
        language === block.language &&
        (heading === undefined || heading === block.heading),
    )?.file
}

const readdirIfThere = (folder: string) =>
  existsSync(join(root, folder)) ? readdirSync(join(root, folder), { recursive: true }).map(String) : []

test("every code block of the README, docs/ and the packages' READMEs is used by a test", () => {
  const userOf = findUsers()
  const blocks = documents.filter((page) => PAGES_WITH_TESTED_BLOCKS.test(page)).flatMap(readCodeBlocks)
  expect(blocks.length).toBeGreaterThan(40)
  const unused = blocks.filter((block) => userOf(block) === undefined)
  expect(unused.map(({ page, heading, language }) => `${page} "${heading}" ${language}`)).toEqual([])
})

test("the README's commands are scripts of the repository", () => {
  const commands = [...codeBlock("README.md", "sh", "Two commands").matchAll(/^npm (\S+)/gm)].map(
    ([, name]) => name,
  )
  expect(commands).toEqual(["start", "test"])
  expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(commands))
  expect(codeBlock("docs/quick-start.md", "sh", "Quick start: Latchkey as a server")).toBe("npm start\n")
})

test("docs/quick-start.md shows the line that a terminal shows", () => {
  const start = { url: "http://localhost:3000", database: "embedded", awaitsFirstAccount: true }
  expect(codeBlock("docs/quick-start.md", "", "Quick start: Latchkey as a server")).toBe(
    createTerminalFormat("info")(JSON.stringify({ level: 30, msg: "", ...start })),
  )
})

const [traefik, envoy] = [
  codeBlock("docs/reverse-proxies.md", "yaml", "Traefik (not tested)"),
  codeBlock("docs/reverse-proxies.md", "lua", "Envoy (not tested)"),
]

const VERDICT_HEADERS = ["Subject", "Issuer", "Key-Id", "Scopes", "Via"].map((name) => `X-Latchkey-${name}`)

/** For proxies that the tests can't run: what the configuration must contain, whatever its form. */
test.each([
  ["Traefik", traefik],
  ["Envoy", envoy],
])("the configuration for %s asks for a scope, and passes on both credentials", (_, code) => {
  const configuration = code.toLowerCase()
  expect(configuration).toContain("/auth/verify?scope=reports:read")
  for (const name of ["authorization", "x-api-key"]) expect(configuration).toContain(name)
})

test("the configuration for Envoy passes on the five headers", () => {
  for (const name of VERDICT_HEADERS) expect(envoy).toContain(name.toLowerCase())
})

test("the configuration for Traefik passes on the five headers, and deletes those of clients in every spelling", () => {
  const [, pattern] = /authResponseHeadersRegex: "\(\?i\)(.*)"/.exec(traefik) ?? []
  if (pattern === undefined) throw new Error("the configuration has no expression for the headers")
  const isReplaced = (name: string) => new RegExp(pattern, "i").test(name)
  for (const name of VERDICT_HEADERS) {
    for (const separator of "-_.") expect(isReplaced(name.replaceAll("-", separator))).toBe(true)
  }
  for (const name of ["Authorization", "X-Api-Key", "Content-Type"]) expect(isReplaced(name)).toBe(false)
})

/** It was tried by hand: the tests don't install Go. */
test("the Go example sends the same requests as the Python example", () => {
  const [go, python] = [codeBlock("docs/backends.md", "go"), codeBlock("docs/backends.md", "python")]
  for (const part of ["/auth/apikeys", "X-API-Key", "Latchkey-On-Behalf-Of", "BOOTSTRAP_KEY"]) {
    expect(go).toContain(part)
    expect(python).toContain(part)
  }
})

/**
 * `npx` runs whatever package the registry has under a name that it doesn't find installed, without a question if there is
 * no terminal, and this command gets the database's URL and secret.
 */
test("no printed command lets npx download a package named latchkey", () => {
  const sources = packages.flatMap((folder) =>
    readdirIfThere(join(folder, "src"))
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => join(folder, "src", name)),
  )
  const found = [...documents, ...sources].filter((path) =>
    /npx (?!--no-install )\S*latchkey/.test(read(path)),
  )
  expect(found).toEqual([])
})

test("SECURITY-ASVS.md counts its own rows", () => {
  const text = read("SECURITY-ASVS.md")
  const counts: Record<string, number> = { met: 0, operator: 0, partly: 0, gap: 0, "n/a": 0 }
  for (const [row, status = ""] of text.matchAll(/^\| \d+\.\d+\.\d+.*?\|[^|]*\| ([^|]+) \|/gm)) {
    const [, numbers = ""] = /^\| ([\d., to]+)/.exec(row) ?? []
    const ranges = numbers
      .split(",")
      .map((part) => [...part.matchAll(/\d+\.\d+\.(\d+)/g)].map(([, n]) => Number(n)))
    for (const [first = 0, last = first] of ranges) counts[status] = (counts[status] ?? 0) + last - first + 1
  }
  const summary =
    /(\d+) others don't apply either\. Of the remaining (\d+), (\d+) are met, (\d+) are left to the operator, (\d+) are\s+partly met, and (\d+) are gaps/
  const { met = 0, operator = 0, partly = 0, gap = 0 } = counts
  const all = met + operator + partly + gap
  expect(summary.exec(text)?.slice(1).map(Number)).toEqual([counts["n/a"], all, met, operator, partly, gap])
  expect(all + (counts["n/a"] ?? 0) + 41).toBe(253)
})

test("the README has at most 130 lines", () => {
  expect(read("README.md").split("\n").length).toBeLessThanOrEqual(131)
})

test("docs/README.md leads to every page in docs", () => {
  const index = read("docs/README.md")
  const pages = list("docs").filter((name) => name.endsWith(".md") && name !== "README.md")
  expect(pages.filter((name) => !index.includes(`(${name})`))).toEqual([])
})

test("docs/configuration.md describes exactly the variables that the server reads", () => {
  const schema = /const Env = z\.object\(\{\n(.*?)\n\}\)/s.exec(read("apps/standalone/src/env.ts"))?.[1] ?? ""
  const variables = [...schema.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name]) => name)
  const rows = read("docs/configuration.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
  const documented = rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name),
  )
  expect(variables.length).toBeGreaterThan(20)
  expect(documented.sort()).toEqual(variables.sort())
})

/** The ids that GitHub gives to the headings of a page. */
function anchorsOf(page: string) {
  const text = read(page).replace(/```.*?```/gs, "")
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\-_ ]/gu, "")
      .replaceAll(" ", "-"),
  )
}

describe.each(documents)("%s", (page) => {
  test("all its links within the repository lead somewhere", () => {
    const text = read(page).replace(/```.*?```/gs, "")
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target)
    const broken = links.filter((target) => {
      if (/^https?:/.test(target)) return false
      const [path = "", anchor] = target.split("#")
      const found = path === "" ? page : join(dirname(page), path)
      if (!existsSync(join(root, found))) return true
      return anchor !== undefined && !anchorsOf(found).includes(anchor)
    })
    expect(broken).toEqual([])
  })
})
