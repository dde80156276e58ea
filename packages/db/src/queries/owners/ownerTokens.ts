import type { ClientInfo } from "../../clientInfo.ts"
import { write } from "../../query.ts"
import { byOwner, recordEvent } from "../trail/auditEvents.ts"
import { type ActingCredential, ensureOwner, withAuthority } from "./authority.ts"

/**
 * Records that a token was created for an owner, whose trail needs their row. Nothing else about the token is stored.
 */
export const recordOwnerToken = write(
  async (db, { by, client }: { by: ActingCredential; client: ClientInfo }): Promise<"done" | "ended"> =>
    withAuthority(db, by, async (tx) => {
      await ensureOwner(tx, by.owner)
      await recordEvent(tx, { ...byOwner(by), kind: "ownerTokenCreated", client })
      return "done" as const
    }),
)
