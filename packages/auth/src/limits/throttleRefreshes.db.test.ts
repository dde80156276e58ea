import { randomUUID } from "node:crypto"
import { createDatabase } from "@latchkey/db"
import { rateLimits } from "@latchkey/db/schema"
import { count, like } from "drizzle-orm"
import { describe, expect, test, vi } from "vitest"
import { createTestAuth, signUp } from "../../test/createTestAuth.ts"
import { guess, limited, newClient, useThrottledAuth } from "../../test/useThrottledAuth.ts"
import { createRefreshToken } from "../sessions/refreshToken.ts"
import { defaultLimits } from "./limits.ts"

describe("throttling of refreshes", () => {
  const use = useThrottledAuth()

  test("a session's refreshes are limited, and forged tokens do not count towards the limit", async () => {
    const auth = use.instance({ refreshes: { count: 2, seconds: 60 } })
    const [ada, bob] = [await signUp(auth), await signUp(auth)]
    const id = Buffer.from(ada.refreshToken, "base64url").subarray(0, 16)
    const forged = Buffer.concat([id, Buffer.alloc(48, 7)]).toString("base64url")
    for (let i = 0; i < 2; i++) {
      await expect(auth.accounts.refresh({ refreshToken: forged }, newClient())).rejects.toMatchObject({
        reason: "UNAUTHENTICATED",
      })
    }
    let { refreshToken } = ada
    for (let i = 0; i < 2; i++) {
      refreshToken = (await auth.accounts.refresh({ refreshToken }, newClient())).refreshToken
    }
    await expect(auth.accounts.refresh({ refreshToken }, newClient())).rejects.toMatchObject(limited)
    await auth.accounts.refresh(bob, newClient())
    // The refused token is still valid.
    expect(await use.instance().accounts.refresh({ refreshToken }, newClient())).toMatchObject({
      user: ada.user,
    })
  })

  test.each(["refresh", "logoutByRefreshToken"] as const)(
    "%s: made-up tokens use up their address's limit, but live sessions there keep working",
    async (act) => {
      const auth = use.instance({ refreshesByAddress: { count: 2, seconds: 60 } })
      const [ada, bob, from] = [await signUp(auth), await signUp(auth), newClient()]
      const madeUp = () => createRefreshToken(randomUUID())
      for (let i = 0; i < 2; i++) await auth.accounts[act](madeUp(), from).catch(() => {})
      await expect(auth.accounts[act](madeUp(), from)).rejects.toMatchObject(limited)

      let { refreshToken } = ada
      for (let i = 0; i < 3; i++) {
        refreshToken = (await auth.accounts.refresh({ refreshToken }, from)).refreshToken
      }
      await auth.accounts.logoutByRefreshToken(bob, from)
      expect((await auth.authenticate(bob.headers)).caller).toBeNull()
      expect((await auth.authenticate(ada.headers)).caller).not.toBeNull()
    },
  )

  test("tokens of ended sessions use up their address's limit, and wait for other instances no longer", async () => {
    const auth = use.instance({ refreshesByAddress: { count: 2, seconds: 60 } })
    const [ada, from] = [await signUp(auth), newClient()]
    await auth.accounts.logoutByRefreshToken(ada, from)
    await auth.accounts.logoutByRefreshToken(ada, from)
    await auth.accounts.confirmLogout(ada.user.id, from)
    let waits = 0
    const client = { ...from, onLeaseWait: () => waits++ }
    await expect(auth.accounts.logoutByRefreshToken(ada, client)).rejects.toMatchObject(limited)
    await expect(auth.accounts.confirmLogout(ada.user.id, client)).rejects.toMatchObject(limited)
    expect(waits).toBe(0)
  })

  test("beyond its address's limit, a made-up refresh token costs one query and no transaction", async () => {
    let queries = 0
    const { db, close } = await createDatabase(use.url, { onQuery: () => queries++ })
    const auth = createTestAuth(db, {
      secrets: use.secrets,
      limits: { ...defaultLimits, refreshesByAddress: { count: 1, seconds: 60 } },
    })
    const from = newClient()
    const madeUp = () => createRefreshToken(randomUUID())
    for (let i = 0; i < 2; i++) await auth.accounts.refresh(madeUp(), from).catch(() => {})
    const transaction = vi.spyOn(db, "transaction")
    queries = 0

    for (let i = 0; i < 10; i++) {
      await expect(auth.accounts.refresh(madeUp(), from)).rejects.toMatchObject(limited)
      await expect(auth.accounts.logoutByRefreshToken(madeUp(), from)).rejects.toMatchObject(limited)
    }

    expect(queries).toBe(20)
    expect(transaction).not.toHaveBeenCalled()
    vi.restoreAllMocks()
    await close()
  })

  test("a flood of made-up refresh tokens stores nothing beyond the address's limit", async () => {
    const auth = use.instance({ refreshesByAddress: { count: 3, seconds: 60 } })
    const from = newClient()
    const stored = async () => {
      const [row] = await use.db
        .select({ rows: count() })
        .from(rateLimits)
        .where(like(rateLimits.key, "refreshes%"))
      return row?.rows
    }
    const refresh = () => {
      const { refreshToken } = createRefreshToken(randomUUID())
      return auth.accounts.refresh({ refreshToken }, from)
    }
    for (let i = 0; i < 3; i++) await expect(refresh()).rejects.toMatchObject({ reason: "UNAUTHENTICATED" })
    await expect(refresh()).rejects.toMatchObject(limited)
    const before = await stored()

    for (let i = 0; i < 10; i++) await expect(refresh()).rejects.toMatchObject(limited)
    // When this other call has completed, so have any writes of the refused ones.
    await guess(auth, `${randomUUID()}@example.com`, newClient()).catch(() => {})

    expect(await stored()).toBe(before)
  })
})
