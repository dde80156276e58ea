import {
  apiKey,
  createApiKey,
  createdApiKey,
  id,
  listApiKeys,
  noOutput,
  pageOf,
} from "@latchkey/contract/schemas"
import { callerProcedure, ownerProcedure, router } from "../procedures.ts"

export const apiKeysRouter = router({
  create: ownerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/apikeys",
        status: 201,
        reasons: ["INSUFFICIENT_SCOPE", "KEY_LIMIT_REACHED"],
        summary: "Create an API key",
        description:
          "Creates an API key and returns it in `key`. The key is shown only this once, so store it securely. It never expires unless `expiresAt` is set. It has every scope of its owner unless `scopes` is set. Scopes of Latchkey itself have to be named: `latchkey:apikeys:read` lets a key with scopes list keys; `latchkey:introspect` and `latchkey:manage` are for keys of administrators. API keys can't create keys.",
      },
    })
    .input(createApiKey)
    .output(createdApiKey)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.apiKeys.create(ctx.caller, input, ctx.latchkey.request)),

  list: callerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      scope: "latchkey:apikeys:read",
      rest: {
        method: "GET",
        path: "/auth/apikeys",
        status: 200,
        summary: "List API keys",
        description:
          "Returns the user's API keys, newest first, without their secrets. Only active keys are listed unless `status` is `all`, which includes revoked and expired ones. `search` matches any part of the label, ignoring case. A key with scopes needs `latchkey:apikeys:read`.",
      },
    })
    .input(listApiKeys)
    .output(pageOf(apiKey))
    .query(({ ctx, input }) =>
      ctx.latchkey.auth.apiKeys.list(ctx.caller.owner, { ...input, cursor: input.cursor ?? null }),
    ),

  revoke: callerProcedure
    .meta({
      managers: "owner",
      ownerTokens: true,
      rest: {
        method: "DELETE",
        path: "/auth/apikeys/{key_id}",
        status: 204,
        reasons: ["FORBIDDEN"],
        params: { key_id: "id" },
        summary: "Revoke an API key",
        description:
          "Revokes an API key permanently. As soon as this returns, every instance rejects the key. An API key can revoke only itself.",
      },
    })
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.apiKeys.revoke(ctx.caller, input, ctx.latchkey.request)),
})
