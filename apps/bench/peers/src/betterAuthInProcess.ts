import { betterAuth } from "better-auth"
import { databaseUrl } from "../../src/contenders/parts/environment.ts"
import { serveInProcess } from "../../src/contenders/parts/serveInProcess.ts"
import { betterAuthOptions } from "./betterAuthOptions.ts"

const { api } = betterAuth(betterAuthOptions(databaseUrl()))

/** `verifyApiKey` as a host calls it for each of its requests. */
serveInProcess(
  (key) => ({ body: { key } }),
  async (request) => (await api.verifyApiKey(request)).valid,
)
