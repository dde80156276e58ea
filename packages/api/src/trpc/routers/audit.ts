import { auditEvent, auditKind, page, paged } from "@latchkey/contract/schemas"
import { z } from "zod"
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
    .input(
      paged(
        z.strictObject({
          ...page,
          kind: auditKind.optional(),
        }),
      ),
    )
    .output(z.object({ items: z.array(auditEvent), nextCursor: z.string().nullable() }))
    .query(({ ctx, input: { cursor, limit, kind } }) =>
      ctx.latchkey.auth.audit.list(ctx.session, { cursor: cursor ?? null, limit, ...(kind && { kind }) }),
    ),
})
