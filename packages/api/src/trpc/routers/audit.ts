import { auditEvent, listAudit, pageOf } from "@latchkey/contract/schemas"
import { router, sessionProcedure } from "../procedures.ts"

export const auditRouter = router({
  // By access token alone: a key that leaks is not to tell where its owner is.
  list: sessionProcedure
    .meta({
      rest: {
        method: "GET",
        path: "/auth/audit",
        status: 200,
        summary: "List what happened to the account, newest first: events of one kind, or all",
      },
    })
    .input(listAudit)
    .output(pageOf(auditEvent))
    .query(({ ctx, input: { cursor, limit, kind } }) =>
      ctx.latchkey.auth.audit.list(ctx.session, { cursor: cursor ?? null, limit, ...(kind && { kind }) }),
    ),
})
