import { ownerIdOf } from "@latchkey/auth"
import type { ByAdmin } from "@latchkey/db"
import { COMMAND_LINE } from "./io.ts"

/** Can't be an issuer, because no issuer's name has a space. */
const identity = { issuer: COMMAND_LINE, subject: COMMAND_LINE }

/** Anyone who has the database's URL counts as an administrator. */
export const byCommandLine: ByAdmin = {
  owner: { id: ownerIdOf(identity), ...identity },
  via: "server",
  appointedBy: "host",
}
