import { z } from "zod"
import { apiKey, instant, label, noOutput } from "../schemas.ts"
import { callerProcedure, router, sessionProcedure } from "../trpc.ts"

export const apiKeysRouter = router({
  create: sessionProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/auth/apikeys",
        status: 201,
        summary: "Create an API key; the only time it is shown",
      },
    })
    .input(z.strictObject({ label, expiresAt: instant.nullish() }))
    .output(apiKey.omit({ lastUsedAt: true }).extend({ key: z.string() }))
    .mutation(({ ctx, input }) =>
      ctx.apiKeys.create(ctx.session, { label: input.label, expiresAt: input.expiresAt ?? null }),
    ),

  list: callerProcedure
    .meta({
      rest: {
        method: "GET",
        path: "/auth/apikeys",
        status: 200,
        summary: "List active API keys, newest first",
      },
    })
    .input(
      z
        .strictObject({ cursor: z.string().nullish(), limit: z.int().min(1).max(100).default(50) })
        .default({ limit: 50 }),
    )
    .output(z.object({ items: z.array(apiKey), nextCursor: z.string().nullable() }))
    .query(({ ctx, input }) =>
      ctx.apiKeys.list({ userId: ctx.caller.user.id }, { cursor: input.cursor ?? null, limit: input.limit }),
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
    .mutation(({ ctx, input }) => ctx.apiKeys.revoke(ctx.caller, input)),
})
