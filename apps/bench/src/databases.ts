import type { PostgresServer } from "./postgresServer.ts"
import { type SeededLatchkey, seedLatchkey } from "./seed/seedLatchkey.ts"
import { seedBcrypt, seedBetterAuth, seedSha256 } from "./seed/seedPeers.ts"

export const BCRYPT_SIZES = [10, 100]

/** The seeded databases. */
export interface Databases {
  latchkey(keys: number): SeededLatchkey
  /** The URL for the superuser. */
  urlOf(name: number | "peers"): string
}

/**
 * Creates and seeds the databases of the selected contenders.
 *
 * @param wanted the sizes of Latchkey's databases, and the peers that need tables.
 */
export async function seedDatabases(
  postgres: PostgresServer,
  wanted: { latchkey: ReadonlySet<number>; peers: ReadonlySet<string> },
  options: { secret: string; keys: number; sessions: number; progress: (line: string) => void },
): Promise<Databases> {
  const { secret, keys, sessions, progress } = options
  const latchkey = new Map<number, SeededLatchkey>()
  for (const size of wanted.latchkey) {
    progress(`seeding Latchkey's database with ${size.toLocaleString("en")} keys`)
    const url = await postgres.createDatabase(`latchkey_${size}`)
    latchkey.set(size, await seedLatchkey(url, { secret, keys: size, sessions }))
  }
  const peers = await postgres.createDatabase("peers")
  if ([...wanted.peers].some((name) => name.startsWith("better-auth"))) {
    progress(`seeding Better Auth's tables with ${keys.toLocaleString("en")} keys`)
    await seedBetterAuth(peers, keys)
  }
  if (wanted.peers.has("sha256")) {
    progress(`seeding the SHA-256 tables with ${keys.toLocaleString("en")} keys`)
    await seedSha256(peers, keys)
  }
  const bcryptSizes = BCRYPT_SIZES.filter((size) => wanted.peers.has(`bcrypt-${size}`))
  if (bcryptSizes.length > 0) {
    progress("hashing keys for the bcrypt tables")
    await seedBcrypt(peers, bcryptSizes)
  }
  await postgres.sql`checkpoint`

  function seeded(size: number) {
    const database = latchkey.get(size)
    if (!database) throw new RangeError(`no database with ${size} keys`)
    return database
  }
  return { latchkey: seeded, urlOf: (name) => (name === "peers" ? peers : seeded(name).url) }
}
