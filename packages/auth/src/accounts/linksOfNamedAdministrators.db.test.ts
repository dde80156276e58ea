import { randomUUID } from "node:crypto"
import { describe, expect, test } from "vitest"
import { client, signUp } from "../../test/createTestAuth.ts"
import { asHost, newSubject, trusted, useOwners } from "../../test/useOwners.ts"
import type { Auth } from "../createAuth.ts"

/** Standalone servers ask no host. */
const STANDALONE = { identify: undefined }

describe.each(["PostgreSQL", "embedded"] as const)(
  "links of administrators without an account on %s",
  (kind) => {
    const on = useOwners(kind)

    /** Creates a link for a new user, by the administrator whom `auth` names. */
    async function createLink(auth: Auth, subject: string) {
      const user = await signUp(auth)
      const by = auth.administratorOf(await on.callerOf(trusted.bearer({ subject }), auth))
      const { token } = await auth.passwordResets.createLink(by, user.user, client)
      return token
    }

    const use = (auth: Auth, token: string) =>
      auth.passwordResets.reset({ token, newPassword: randomUUID() }, client)

    test("a link is valid as long as the server names its creator, and serves their issuer", async () => {
      const subject = newSubject()
      const named = { ...STANDALONE, adminSubjects: [{ issuer: trusted.issuer, subject }] }
      const before = on.open(named)
      const restarts = {
        "another administrator": {
          ...named,
          adminSubjects: [{ issuer: trusted.issuer, subject: newSubject() }],
        },
        "no administrator": STANDALONE,
        "no issuer": { ...named, trustedIssuers: undefined },
      }
      for (const options of Object.values(restarts)) {
        const token = await createLink(before, subject)
        await expect(use(on.open(options), token)).rejects.toMatchObject({ reason: "NOT_FOUND" })
        await use(on.open(named), token)
      }
    })

    test("if the host appoints administrators, a link is valid until its creator is disabled", async () => {
      const [first, second] = [newSubject(), newSubject()]
      const linkBy = async (subject: string) => {
        const by = on.here.administratorOf(await on.callerOf(asHost({ subject, role: "admin" })))
        return (await on.here.passwordResets.createLink(by, (await signUp(on.here)).user, client)).token
      }
      const [kept, ended] = [await linkBy(first), await linkBy(second)]
      await on.here.admin.users.disable(await on.administrator(), { issuer: "host", subject: second }, client)
      await use(on.there, kept)
      await expect(use(on.there, ended)).rejects.toMatchObject({ reason: "NOT_FOUND" })
    })
  },
)
