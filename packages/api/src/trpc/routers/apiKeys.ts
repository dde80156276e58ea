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
        summary: "Create an API key; the only time it is shown",
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
        summary: "List API keys, newest first: the active ones, or all",
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
        params: { key_id: "id" },
        summary: "Revoke an API key, at once and for good",
      },
    })
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.apiKeys.revoke(ctx.caller, input, ctx.latchkey.request)),
})
