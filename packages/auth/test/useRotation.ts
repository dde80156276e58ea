import { apiKeys } from "@latchkey/db/schema"
import { type DatabaseKind, type OpenTestDatabase, openTestDatabase } from "@latchkey/db/test"
import { eq } from "drizzle-orm"
import { afterAll, beforeAll, inject } from "vitest"
import type { AuthOptions } from "../src/authOptions.ts"
import type { Auth } from "../src/createAuth.ts"
import type { Caller } from "../src/identities/caller.ts"
import type { Rotation } from "../src/keys/rotation.ts"
import { client, createTestAuth, newSecret, signUp, withApiKey } from "./createTestAuth.ts"

type Input = Omit<Parameters<Auth["apiKeys"]["create"]>[1], "label">

/** Opens a database for the tests of a `describe`, with two instances on which keys are rotated. */
export function useRotation(kind: DatabaseKind) {
  const options = { secrets: { current: newSecret() }, scopes: ["reports:read", "reports:write"] }
  let database: OpenTestDatabase
  let auth: Auth
  let other: Auth
  const open = (more: Partial<AuthOptions> = {}) => createTestAuth(database.db, { ...options, ...more })
  beforeAll(async () => {
    database = await openTestDatabase(kind, inject("postgresUrl"))
    auth = open()
    other = open()
  })
  afterAll(() => database[Symbol.asyncDispose]())

  async function newKey(input: Input = {}) {
    const user = await signUp(auth)
    const created = await auth.apiKeys.create(user.caller, { label: "nightly import", ...input }, client)
    return { ...user, ...created }
  }

  return {
    get db() {
      return database.db
    },
    get auth() {
      return auth
    },
    get other() {
      return other
    },
    scopes: options.scopes,
    /** Opens another instance on the same database. */
    open,
    /** Registers a user with a key. */
    newKey,
    rotate: (
      { caller, id }: { caller: Caller; id: string },
      { grace = 86_400, ...input }: Partial<Rotation> = {},
      by = auth,
    ) => by.apiKeys.rotate(caller, { id, grace, ...input }, client),
    get: ({ owner }: Pick<Caller, "owner">, id: string) => auth.apiKeys.get(owner, { id }),
    /** Whether each instance accepts a key. */
    accepted: (key: string) =>
      Promise.all(
        [auth, other].map(async (instance) => {
          const { caller } = await instance.authenticate(withApiKey(key), { ...client })
          return caller !== null
        }),
      ),
    async eventsOf({ owner }: Pick<Caller, "owner">) {
      const { items } = await auth.audit.list(owner, { cursor: null, limit: 100 })
      return items.filter(({ kind }) => kind.startsWith("apiKey")).reverse()
    },
    /** Changes a key's row directly. */
    set: (id: string, values: object) => database.db.update(apiKeys).set(values).where(eq(apiKeys.id, id)),
  }
}
