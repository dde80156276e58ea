import {
  id,
  listOwnedApiKeys,
  noOutput,
  ownedApiKey,
  pageOf,
  revokeWhere,
  revokeWherePreview,
  revokeWhereResult,
} from "@latchkey/contract/schemas"
import { z } from "zod"
import { adminProcedure, router } from "../procedures.ts"

export const adminApiKeysRouter = router({
  list: adminProcedure
    .meta({
      rest: {
        method: "GET",
        path: "/auth/admin/apikeys",
        status: 200,
        summary: "List all users' API keys",
        description:
          "Returns the API keys of all users who are not erased, newest first. Only active keys are listed unless `status` is `all`, which includes revoked and expired ones. `search` matches the beginning of the label, ignoring case, the owner's full email, the key's id, or the key's first 8 to 16 characters, of an imported key at least 4, and sorts the results by label. Never send a whole key: URLs are often logged. Requires an administrator's access token.",
      },
    })
    .input(listOwnedApiKeys)
    .output(pageOf(ownedApiKey))
    .query(({ ctx, input }) =>
      ctx.latchkey.auth.admin.apiKeys.list({
        ...input,
        cursor: input.cursor ?? null,
        userId: input.userId ?? null,
        issuers: ctx.by.issuers,
      }),
    ),

  revoke: adminProcedure
    .meta({
      rest: {
        method: "DELETE",
        path: "/auth/admin/apikeys/{key_id}",
        status: 204,
        params: { key_id: "id" },
        summary: "Revoke any user's API key",
        description:
          "Revokes any user's API key permanently. As soon as this returns, every instance rejects the key. Requires an administrator's access token.",
      },
    })
    .input(id)
    .output(noOutput)
    .mutation(({ ctx, input }) =>
      ctx.latchkey.auth.admin.apiKeys.revoke(ctx.by, input, ctx.latchkey.request),
    ),

  // Runs for seconds, in many statements, and must hold no place meanwhile.
  revokeWhere: adminProcedure
    .meta({
      queue: "none",
      rest: {
        method: "POST",
        path: "/auth/admin/apikeys/revoke-where",
        status: 200,
        summary: "Revoke all API keys that match",
        description:
          "With `preview`, returns how many active API keys of all users match, some of them, and `confirm`. With that `confirm`, and the same `where`, revokes them. If an API key matches, its replacement matches too. API keys created after the preview are not revoked. As soon as this returns, every instance rejects all of them. If it returns `UNAVAILABLE` with `begun: true`, some are revoked: send the same request again until it succeeds. `confirm` is valid for 10 minutes, for the administrator who made the preview. Requires an administrator's access token.",
      },
    })
    .input(revokeWhere)
    .output(z.union([revokeWherePreview, revokeWhereResult]))
    .mutation(({ ctx, input: { where, confirm } }) => {
      const revocation = ctx.latchkey.auth.admin.apiKeys.revokeWhere
      return confirm === undefined
        ? revocation.preview(ctx.by, where)
        : revocation.confirm(ctx.by, { where, confirm }, ctx.latchkey.request)
    }),
})
