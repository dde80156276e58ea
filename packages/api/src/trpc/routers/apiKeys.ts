import {
  apiKey,
  createApiKey,
  createdApiKey,
  id,
  listApiKeys,
  noOutput,
  pageOf,
} from "@latchkey/contract/schemas"
import { callerProcedure, router, sessionProcedure } from "../procedures.ts"

export const apiKeysRouter = router({
  create: sessionProcedure
    .meta({
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/apikeys",
        status: 201,
        reasons: ["KEY_LIMIT_REACHED"],
        summary: "Create an API key",
        description:
          "Creates an API key and returns it in `key`. The key is shown only this once, so store it securely. It never expires unless `expiresAt` is set. Requires an access token: API keys can't create keys.",
      },
    })
    .input(createApiKey)
    .output(createdApiKey)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.apiKeys.create(
        ctx.session,
        { label: input.label, expiresAt: input.expiresAt ?? null },
        ctx.latchkey.request,
      ),
    ),

  list: callerProcedure
    .meta({
      rest: {
        method: "GET",
        path: "/auth/apikeys",
        status: 200,
        summary: "List API keys",
        description:
          "Returns the user's API keys, newest first, without their secrets. Only active keys are listed unless `status` is `all`, which includes revoked and expired ones. `search` matches any part of the label, ignoring case.",
      },
    })
    .input(listApiKeys)
    .output(pageOf(apiKey))
    .query(({ ctx, input }) =>
      ctx.latchkey.auth.apiKeys.list(
        { userId: ctx.caller.user.id },
        { ...input, cursor: input.cursor ?? null },
      ),
    ),

  revoke: callerProcedure
    .meta({
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
