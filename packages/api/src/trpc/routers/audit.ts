import { auditEvent, listAudit, pageOf } from "@latchkey/contract/schemas"
import { ownerProcedure, router } from "../procedures.ts"

export const auditRouter = router({
  // Rejects API keys: a leaked key must not reveal where its owner is.
  list: ownerProcedure
    .meta({
      rest: {
        method: "GET",
        path: "/auth/audit",
        status: 200,
        summary: "List audit events",
        description:
          "Returns security events of the user's account, newest first, such as sign-ins, failed sign-ins, and revoked keys. Repeated failures are combined into one event with a `count`. With `apiKeyId`, only what happened to that key is listed.",
      },
    })
    .input(listAudit)
    .output(pageOf(auditEvent))
    .query(({ ctx, input: { cursor, limit, kind, apiKeyId } }) =>
      ctx.latchkey.auth.audit.list(ctx.caller.owner, {
        cursor: cursor ?? null,
        limit,
        ...(kind && { kind }),
        ...(apiKeyId && { apiKeyId }),
      }),
    ),
})
