import { randomBytes } from "node:crypto"
import { IN_MEMORY, simulateOutage } from "@latchkey/db"
import { createServer } from "./createServer.ts"
import { requireInstalled } from "./engine/requireInstalled.ts"
import { LIBRARY } from "./internals.ts"
import type { LatchkeyServerOptions } from "./options/options.ts"
import { readOptions } from "./options/readOptions.ts"
import type { LatchkeyServer } from "./types.ts"

type OptionsInMemory =
  | "databaseUrl"
  | "database"
  | "secret"
  | "schema"
  | "migrate"
  | "maxConnections"
  | "requireSynchronous"
  | "restoreLog"
  | "restoreLogToken"
  | "afterRestore"
  | "verifyLease"
  | "verifyLeaseCache"
  | "revocationFence"
  | "revocationFenceUrl"

type DistributiveOmit<T, Name extends PropertyKey> = T extends unknown ? Omit<T, Name> : never

export { listUnscopedProcedures } from "./trpc/listUnscopedProcedures.ts"

/** The options of `createLatchkeyServer`, without those about a database. */
export type TestLatchkeyOptions<Scope extends string = string> = DistributiveOmit<
  LatchkeyServerOptions<Scope>,
  OptionsInMemory
>

/** A Latchkey in memory, for tests. */
export interface TestLatchkey<Scope extends string = string> extends LatchkeyServer<Scope> {
  /** Creates an API key. */
  keyFor(owner: {
    subject: string
    issuer?: string
    scopes?: readonly Scope[]
    metadata?: Record<string, string>
  }): Promise<string>
  /** Revokes a key that `keyFor` has created. */
  revoke(key: string): Promise<void>
  /** Begins or ends an outage of the database. */
  outage(isOut: boolean): Promise<void>
}

/**
 * Creates a Latchkey whose database is in memory. It needs `@electric-sql/pglite`.
 *
 * @throws {TypeError} with every option that is wrong, or if that package is not installed.
 */
export function createTestLatchkey<const Scope extends string = never>(
  options: TestLatchkeyOptions<Scope> = {},
): TestLatchkey<Scope> {
  const settings = readOptions({
    ...options,
    database: "embedded",
    secret: randomBytes(32).toString("hex"),
    migrate: "auto",
  })
  requireInstalled("createTestLatchkey", ["@electric-sql/pglite"])
  const { latchkey, engine } = createServer(settings, {
    ...LIBRARY,
    // The lowest that bcrypt allows, because these accounts and keys protect nothing.
    bcryptCost: 4,
    mountedAt: settings.basePath,
    databaseUrl: IN_MEMORY,
  })
  const created = new Map<string, () => Promise<void>>()
  let setOutage: ((isOut: boolean) => void) | undefined

  const inMemory: TestLatchkey = {
    ...latchkey,
    async keyFor({ subject, issuer, scopes, metadata }) {
      const { apiKeys } = latchkey.as({ subject, ...(issuer !== undefined && { issuer }) })
      const { id, key } = await apiKeys.create({
        label: "test",
        scopes: scopes ? [...scopes] : null,
        ...(metadata && { metadata }),
      })
      created.set(key, () => apiKeys.revoke(id))
      return key
    },
    async revoke(key) {
      const revoke = created.get(key)
      if (!revoke) throw new TypeError("revoke: expected a key that keyFor has created")
      await revoke()
    },
    async outage(isOut) {
      setOutage ??= simulateOutage((await engine.open()).db)
      setOutage(isOut)
    },
  }
  return inMemory as unknown as TestLatchkey<Scope>
}
