import { apiKey } from "@better-auth/api-key"
import type { BetterAuthOptions } from "better-auth"
import { Pool } from "pg"

/** Better Auth with its API-key plugin, configured as in its documentation, without rate limiting. */
export const betterAuthOptions = (connectionString: string) =>
  ({
    baseURL: "http://127.0.0.1",
    secret: "only-for-the-benchmark-0123456789abcdef",
    database: new Pool({ connectionString, max: 10 }),
    plugins: [apiKey({ rateLimit: { enabled: false } })],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  }) satisfies BetterAuthOptions
