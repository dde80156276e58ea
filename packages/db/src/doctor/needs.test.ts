import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { migrationsFolder } from "../migrationsFolder.ts"
import { NEEDS } from "./needs.ts"

test("docs/engines.md lists exactly the needs that doctor tries", () => {
  const page = readFileSync(new URL("../../../../docs/engines.md", import.meta.url), "utf8")
  const [, section = ""] = page.split("## What Latchkey's SQL needs")
  const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (.+) \| (.+) \|$/gm)].slice(1)
  expect(rows.map(([, name, purpose]) => ({ name, purpose }))).toEqual(
    NEEDS.map(({ name, purpose }) => ({ name, purpose })),
  )
})

/** Of PostgreSQL's catalogs and of roles' rights, which migrations and the command `doctor` itself use. */
const OF_CATALOGS =
  /^(has_.*_privilege|pg_has_role|pg_get_.*|pg_table_is_visible|format_type|obj_description|to_regclass|current_schema)$/

const read = (folder: string, isOurs: (name: string) => boolean) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(isOurs)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n")

test("doctor tries every function that the SQL of migrations and queries calls", () => {
  const isProduct = (name: string) => name.endsWith(".ts") && !name.endsWith(".test.ts")
  const folders = ["queries", "restore", "leases"].map((name) => join(import.meta.dirname, "..", name))
  const text = [
    read(migrationsFolder, (name) => name.endsWith(".sql")),
    ...folders.map((folder) => read(folder, isProduct)),
  ].join("\n")
  // Only SQL has names with underscores.
  const called = new Set([...text.matchAll(/\b([a-z]+(?:_[a-z]+)+)\(/g)].map(([, name = ""]) => name))
  const own = new Set(
    [...text.matchAll(/create (?:or replace )?function "?(\w+)/gi)].map(([, name = ""]) => name),
  )
  const tried = NEEDS.flatMap(({ statements }) => statements).join("\n")
  const missing = [...called].filter(
    (name) => !own.has(name) && !OF_CATALOGS.test(name) && !tried.includes(`${name}(`),
  )
  expect(missing).toEqual([])
})
