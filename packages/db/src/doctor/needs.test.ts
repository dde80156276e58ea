import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { NEEDS } from "./needs.ts"

test("docs/engines.md lists exactly the needs that doctor tries", () => {
  const page = readFileSync(new URL("../../../../docs/engines.md", import.meta.url), "utf8")
  const [, section = ""] = page.split("## What Latchkey's SQL needs")
  const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (.+) \| (.+) \|$/gm)].slice(1)
  expect(rows.map(([, name, purpose]) => ({ name, purpose }))).toEqual(
    NEEDS.map(({ name, purpose }) => ({ name, purpose })),
  )
})
