import { apiKey, instant, label, noOutput, page, paged, search } from "@latchkey/contract/schemas"
import { z } from "zod"
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
    .input(z.strictObject({ label, expiresAt: instant.nullish() }))
    .output(apiKey.omit({ lastUsedAt: true, revokedAt: true }).extend({ key: z.string() }))
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
    .input(
      paged(
        z.strictObject({
          ...page,
          status: z.enum(["active", "all"]).default("active"),
          search: search.default(""),
        }),
      ),
    )
    .output(z.object({ items: z.array(apiKey), nextCursor: z.string().nullable() }))
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
    .input(z.strictObject({ id: z.string().min(1).max(100) }))
    .output(noOutput)
    .mutation(({ ctx, input }) => ctx.latchkey.auth.apiKeys.revoke(ctx.caller, input, ctx.latchkey.request)),
})
