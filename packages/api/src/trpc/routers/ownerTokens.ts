import { createOwnerToken, ownerToken } from "@latchkey/contract/schemas"
import { managerProcedure, router } from "../procedures.ts"

export const ownerTokensRouter = router({
  create: managerProcedure
    .meta({
      rest: {
        method: "POST",
        path: "/auth/owner-tokens",
        status: 201,
        reasons: ["FORBIDDEN", "INSUFFICIENT_SCOPE"],
        summary: "Create a token for an owner's browser",
        description:
          "Returns an access token with which the owner's browser can create, list and revoke the owner's API keys, or with `manage: read` only list them. Nothing else accepts it: neither the API of the product, nor introspection. It ends when it expires, when the owner is disabled, and when the API key that created it is revoked. The caller presents an API key with the scope `latchkey:manage`, and names the owner in `Latchkey-On-Behalf-Of`.",
      },
    })
    .input(createOwnerToken.prefault({}))
    .output(ownerToken)
    .mutation(({ ctx, input: { manage = "write" as const, ttl } }) =>
      ctx.latchkey.auth.ownerTokens.create(ctx.caller, { manage, ttl }, ctx.latchkey.request),
    ),
})
