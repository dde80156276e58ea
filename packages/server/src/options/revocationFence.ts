import { parseDatabaseUrl } from "@latchkey/db"

interface FenceOptions {
  databaseUrl?: string | undefined
  revocationFence: "off" | "standby"
  revocationFenceUrl?: string | undefined
  verifyLease: number
}

/** The URL of the servers that are asked beside each read; undefined without a fence. */
export const fenceUrlOf = ({
  databaseUrl,
  revocationFence,
  revocationFenceUrl = databaseUrl,
}: Omit<FenceOptions, "verifyLease">): string | undefined =>
  revocationFence === "standby" ? revocationFenceUrl : undefined

/** What is wrong with a fence, and with which option; null if nothing is. */
export function findFenceProblem(
  options: FenceOptions,
): { option: "revocationFence" | "revocationFenceUrl"; message: string } | null {
  if (options.revocationFence === "off") return null
  const url = fenceUrlOf(options)
  if (options.databaseUrl === undefined || url === undefined) {
    return { option: "revocationFence", message: "expected off, as the embedded database has no standby" }
  }
  if (options.verifyLease > 0) {
    return { option: "revocationFence", message: "expected off with leases, which are a fence themselves" }
  }
  if (parseDatabaseUrl(url).options.host.length > 1) return null
  return {
    option: "revocationFenceUrl",
    message:
      "expected all servers that may become the primary, such as postgres://user:password@db1:5432,db2:5432/database",
  }
}
