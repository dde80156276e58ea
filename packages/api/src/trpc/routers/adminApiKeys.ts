import { noOutput, ownedApiKey, page, paged, searchUpTo } from "@latchkey/contract/schemas"
import { z } from "zod"
import { adminProcedure, router } from "../procedures.ts"

export const adminApiKeysRouter = router({
  list: adminProcedure
    .meta({
      rest: {
        method: "GET",
        path: "/auth/admin/apikeys",
        status: 200,
        summary:
          "List the API keys of all users, the active ones or all, newest first; those that a search finds by how the label begins, the owner's email, the key's start or id, by their labels",
      },
    })
    .input(
      paged(
        z.strictObject({
          ...page,
          status: z.enum(["active", "all"]).default("active"),
          userId: z.string().max(100).nullish(),
          search: searchUpTo(254).default(""),
        }),
      ),
    )
    .output(z.object({ items: z.array(ownedApiKey), nextCursor: z.string().nullable() }))
    .query(({ ctx, input }) =>
      ctx.latchkey.auth.admin.apiKeys.list({
        ...input,
        cursor: input.cursor ?? null,
        userId: input.userId ?? null,
      }),
    ),

  revoke: adminProcedure
    .meta({
      rest: {
        method: "DELETE",
        path: "/auth/admin/apikeys/{key_id}",
        status: 204,
        params: { key_id: "id" },
        summary: "Revoke anybody's API key, at once and for good",
      },
    })
    .input(z.strictObject({ id: z.string().min(1).max(100) }))
    .output(noOutput)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.admin.apiKeys.revoke(ctx.by, input, ctx.latchkey.request),
    ),
})
