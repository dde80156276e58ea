import { createLatchkeyServer } from "@latchkey/server"
import { readSignInCookie } from "./signInCookie.ts"
import type { SignIns } from "./signIns.ts"

export const SCOPES = ["reports:read", "reports:write"] as const

export interface LatchkeyOptions {
  database: { databaseUrl: string } | { database: "embedded" }
  secret: string
  signIns: SignIns
}

/** Latchkey, guarding Tidewater's API: keys belong to organizations, and their members manage them. */
export function createLatchkey({ database, secret, signIns }: LatchkeyOptions) {
  return createLatchkeyServer({
    ...database,
    secret,
    scopes: SCOPES,
    migrate: "auto",
    async identify(headers) {
      const token = readSignInCookie(headers)
      const member = token === undefined ? null : await signIns.find(token)
      if (!member) return null
      return {
        subject: member.organization.id,
        actor: member.userId,
        ...(member.role === "viewer" && { manage: "read" as const }),
      }
    },
  })
}

export type TidewaterLatchkey = ReturnType<typeof createLatchkey>
