import type { User } from "@latchkey/db"

/** Who is calling, and by which credential. */
export type Caller =
  | { user: User; via: "jwt"; sessionId: string }
  | { user: User; via: "apiKey"; apiKeyId: string }
