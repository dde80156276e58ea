import { expect, test } from "vitest"
import { openPGlite } from "./openPGlite.ts"

test("opening a database does not fill PGlite's default of 128 MB of buffers", async () => {
  const client = await openPGlite()
  const { rows } = await client.query("show shared_buffers")
  expect(rows).toEqual([{ shared_buffers: "32MB" }])
  await client.close()
})
