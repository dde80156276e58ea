import { betterAuth } from "better-auth"
import { databaseUrl } from "../../src/contenders/parts/environment.ts"
import { createStubAuth, fixedCaller, ownerOf } from "../../src/contenders/parts/fixedCaller.ts"
import { serveWithFetchAdapter } from "../../src/contenders/parts/stockHost.ts"
import { betterAuthOptions } from "./betterAuthOptions.ts"

const { api } = betterAuth(betterAuthOptions(databaseUrl()))

/** `verifyApiKey` behind the stock adapter. Unlike the other contenders, it does not read the owner. */
serveWithFetchAdapter(
  createStubAuth(async (headers) => {
    const { valid, key } = await api.verifyApiKey({ body: { key: headers.get("x-api-key") ?? "" } })
    if (!valid || !key) return null
    return { ...fixedCaller, apiKeyId: key.id, owner: ownerOf({ ...fixedCaller.owner, id: key.referenceId }) }
  }),
)
