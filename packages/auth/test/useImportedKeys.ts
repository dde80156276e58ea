import { apiKeys } from "@latchkey/db/schema"
import type { DatabaseKind } from "@latchkey/db/test"
import bcrypt from "bcrypt"
import { eq } from "drizzle-orm"
import { afterEach, expect, vi } from "vitest"
import type { Auth } from "../src/createAuth.ts"
import { ownerIdOf } from "../src/identities/ownerIdOf.ts"
import { gate } from "./createTestAuth.ts"
import { importLines, lineOf } from "./importLines.ts"
import { useOwners } from "./useOwners.ts"

/** Opens a database for the tests of a `describe`, with instances that accept keys that begin with `sk_live_`. */
export function useImportedKeys(kind: DatabaseKind) {
  const use = useOwners(kind)
  afterEach(() => {
    vi.restoreAllMocks()
  })
  return {
    use,
    open: (more: Parameters<typeof use.open>[0] = {}) =>
      use.open({ importedKeyPrefixes: ["sk_live_"], ...more }),
    /** Imports a key, with its bcrypt unless `values` says otherwise. */
    async importOne(key: string, values: Parameters<typeof lineOf>[1] = {}) {
      const line = await lineOf(key, values)
      expect(await importLines(use.db, [line])).toMatchObject({ imported: 1, refused: 0 })
      const owner = { issuer: line.issuer ?? "host", subject: line.subject }
      const [row] = await use.db
        .select()
        .from(apiKeys)
        .where(eq(apiKeys.ownerId, ownerIdOf(owner)))
        .limit(1)
      if (!row) throw new TypeError("no row")
      return { line, row, owner: { ...owner, id: ownerIdOf(owner) } }
    },
  }
}

/** Holds bcrypts open, once the first has begun. */
export function holdCompare() {
  const [begun, held] = [gate(), gate()]
  const compare = bcrypt.compare.bind(bcrypt)
  vi.spyOn(bcrypt, "compare").mockImplementation(async (text: string | Buffer, hash: string) => {
    begun.resolve()
    await held.promise
    return compare(text, hash)
  })
  return { begun, held }
}

/** The subject of the owner as whom a credential is accepted, or the cause of its rejection. */
export const verdictOf = async (auth: Auth, headers: Headers) => {
  const { caller, ...rest } = await auth.authenticate(headers)
  return caller ? caller.owner.subject : "cause" in rest ? rest.cause : "none"
}

export const bearerOf = (key: string) => new Headers({ authorization: `Bearer ${key}` })
