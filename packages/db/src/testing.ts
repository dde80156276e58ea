import { randomBytes, randomUUID } from "node:crypto"
import { cp, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { createTestDatabase } from "@latchkey/test-postgres"
import { createDatabase, type Database } from "./createDatabase.ts"
import { newEmbedded } from "./newEmbedded.ts"
import type { NewApiKey } from "./queries/apiKeys.ts"
import type { ClientInfo } from "./queries/auditEvents.ts"
import { sessionActor } from "./queries/authority.ts"
import { createUser } from "./queries/users.ts"

export type DatabaseKind = "PostgreSQL" | "embedded"

export interface OpenTestDatabase extends AsyncDisposable {
  url: string
  db: Database
}

/** A migrated database of its own, for tests that have to hold on both kinds; disposing removes it. */
export async function openTestDatabase(kind: DatabaseKind, serverUrl: string): Promise<OpenTestDatabase> {
  const place = kind === "embedded" ? await temporaryEmbedded() : await createTestDatabase(serverUrl)
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
export const client: ClientInfo = { address: "192.0.2.1", requestId: randomUUID(), device: null }

export const newSession = () => ({
  id: randomUUID(),
  familyHash: randomBytes(32),
  turnHash: randomBytes(32),
  ttl: 60,
})

/** What a user registers with, the session that comes of it included. */
export const newUser = () => ({
  email: `${randomUUID()}@example.com`,
  passwordHash: "hash",
  session: newSession(),
  client,
})

/** A user who has just registered, from somewhere. */
export async function storeUser(db: Database, from: ClientInfo = client) {
  const params = newUser()
  const user = await createUser(db, { ...params, client: from })
  if (!user) throw new TypeError("the email is taken")
  const by = sessionActor({ userId: user.id, sessionId: params.session.id })
  return { user, userId: user.id, session: params.session, by }
}

export const newApiKey = (values: Partial<NewApiKey> = {}): NewApiKey => ({
  id: randomUUID(),
  lookupId: randomBytes(8).toString("hex"),
  keyHash: randomUUID(),
  receipt: randomBytes(32),
  receiptSecretId: "0123456789abcdef",
  label: "nightly import",
  expiresAt: null,
  ...values,
})

/** A folder with an embedded database as it is when new. */
export async function newEmbeddedFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-test-"))
  await cp(await newEmbedded(), folder, { recursive: true })
  return folder
}

async function temporaryEmbedded() {
  const folder = await newEmbeddedFolder()
  return {
    url: pathToFileURL(folder).href,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
