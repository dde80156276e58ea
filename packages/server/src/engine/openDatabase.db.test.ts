import { rm } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import { newMigratedEmbeddedFolder } from "@latchkey/db/test"
import { expect, onTestFinished, test, vi } from "vitest"
import { newSecret } from "../../test/startLatchkey.ts"

/** A Latchkey as a module creates it that a bundler has loaded anew. */
async function loadAnew(folder: string, secret: string) {
  vi.resetModules()
  const { createServer } = await import("../createServer.ts")
  const { LIBRARY } = await import("../internals.ts")
  const { readOptions } = await import("../options/readOptions.ts")
  return createServer(readOptions({ database: "embedded", secret }), {
    ...LIBRARY,
    mountedAt: "/latchkey",
    databaseUrl: pathToFileURL(folder).href,
  }).latchkey
}

test("a reloaded module shares the embedded database with the previous one", async () => {
  const folder = await newMigratedEmbeddedFolder()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const secret = newSecret()
  const before = await loadAnew(folder, secret)
  const { key } = await before.as({ subject: "org_42" }).apiKeys.create({ label: "x" })
  const after = await loadAnew(folder, secret)
  expect(await after.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  await before.close()
  expect(await after.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  await after.close()
  // Once the last has closed it, the folder can be opened again.
  const later = await loadAnew(folder, secret)
  expect(await later.authenticate({ "x-api-key": key })).toMatchObject({ ok: true })
  await later.close()
})
