import { id, listOwnedApiKeys, noOutput, ownedApiKey, pageOf } from "@latchkey/contract/schemas"
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
    .input(listOwnedApiKeys)
    .output(pageOf(ownedApiKey))
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
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.admin.apiKeys.revoke(ctx.by, input, ctx.latchkey.request),
    ),
})
