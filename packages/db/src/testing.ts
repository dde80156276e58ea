import { randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { createTestDatabase } from "@latchkey/test-postgres"
import { createDatabase, type Database } from "./createDatabase.ts"
import type { Source } from "./queries/auditEvents.ts"

export type DatabaseKind = "PostgreSQL" | "embedded"

export interface OpenTestDatabase extends AsyncDisposable {
  url: string
  db: Database
}

/** A migrated database of its own, for tests that have to hold on both kinds; disposing removes it. */
export async function openTestDatabase(kind: DatabaseKind, serverUrl: string): Promise<OpenTestDatabase> {
  const place = kind === "embedded" ? await temporaryFolder() : await createTestDatabase(serverUrl)
  const { db, migrate, close } = await createDatabase(place.url)
  await migrate()
  return {
    url: place.url,
    db,
    async [Symbol.asyncDispose]() {
      await close()
      await place[Symbol.asyncDispose]()
    },
  }
}

/** Where tests call from. */
export const source: Source = { address: "192.0.2.1", requestId: randomUUID(), device: null }

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-test-"))
  return {
    url: pathToFileURL(folder).href,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
