import { randomBytes, randomUUID } from "node:crypto"
import { asc, eq } from "drizzle-orm"
import { beforeEach, describe, expect, test } from "vitest"
import { client, newUser } from "../../../test/openTestDatabase.ts"
import { useTestDatabase } from "../../../test/useTestDatabase.ts"
import {
  appointOldestUser,
  createUser,
  type Database,
  findUserOfToken,
  type NewUserRole,
  storePasswordReset,
  syncAdmins,
} from "../../index.ts"
import { owners } from "../../schema/owners.ts"

describe.each(["PostgreSQL", "embedded"] as const)("administrators on %s", (kind) => {
  let db: Database
  useTestDatabase(kind, (opened) => {
    db = opened
  })
  beforeEach(async () => {
    await db.delete(owners)
  })

  const register = (role: NewUserRole, email = `${randomUUID()}@example.com`) =>
    createUser(db, { ...newUser(), email, role })

  const admins = async () =>
    (await db.select({ email: owners.email }).from(owners).where(eq(owners.role, "admin"))).map(
      ({ email }) => email,
    )

  test("one of six concurrent registrations becomes the first administrator, and no later one does", async () => {
    const registered = await Promise.all(Array.from({ length: 6 }, () => register("adminIfFirst")))

    const first = registered.filter((user) => user?.role === "admin")
    expect(first).toHaveLength(1)
    expect(await register("adminIfFirst")).toMatchObject({ role: "user" })
    expect(await admins()).toEqual(first.map((user) => user?.email))
  })

  test("registering a taken email makes nobody an administrator", async () => {
    await register("user", "ada@example.com")
    expect(await register("adminIfFirst", "ada@example.com")).toBeNull()
    expect(await admins()).toEqual([])
  })

  test("exactly the users with the given emails are administrators", async () => {
    await register("user", "ada@example.com")
    await register("admin", "bob@example.com")
    const appoint = (...emails: string[]) => syncAdmins(db, { emails })

    expect(await appoint("ada@example.com", "nobody@example.com", "ada@example.com")).toBe(1)
    expect(await admins()).toEqual(["ada@example.com"])
    expect(await appoint("bob@example.com", "ada@example.com")).toBe(0)
    expect((await admins()).sort()).toEqual(["ada@example.com", "bob@example.com"])
    expect(await appoint()).toBe(0)
    expect(await admins()).toEqual([])
  })

  test("the oldest user becomes an administrator only if there is none", async () => {
    expect(await appointOldestUser(db)).toBe(false)
    for (let n = 0; n < 3; n++) await register("user")
    const [oldest, second] = await db.select().from(owners).orderBy(asc(owners.createdAt), asc(owners.id))

    expect(await appointOldestUser(db)).toBe(true)
    expect(await admins()).toEqual([oldest?.email])

    await syncAdmins(db, { emails: [second?.email ?? ""] })
    await appointOldestUser(db)
    expect(await admins()).toEqual([second?.email])
  })

  test("links to set the password of a user end as soon as the user becomes an administrator", async () => {
    const appoint = {
      oldest: () => appointOldestUser(db),
      named: (email: string) => syncAdmins(db, { emails: [email] }),
    }
    for (const appointUser of Object.values(appoint)) {
      await db.delete(owners)
      const email = `${randomUUID()}@example.com`
      await register("user", email)
      const tokenHash = randomBytes(32)
      await storePasswordReset(db, { email, token: { tokenHash, ttl: 60 }, via: "link", client })
      const find = () => findUserOfToken(db, { kind: "passwordReset", tokenHash })
      expect(await find()).toMatchObject({ email })
      await appointUser(email)
      expect(await admins()).toEqual([email])
      expect(await find()).toBeNull()
    }
  })
})
