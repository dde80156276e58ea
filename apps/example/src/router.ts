import { initTRPC, TRPCError } from "@trpc/server"
import { z } from "zod"
import type { Database } from "./db/database.ts"
import type { TidewaterLatchkey } from "./latchkey.ts"
import { listReports, publishReport } from "./reports.ts"

/** Tidewater's API. Each procedure states the scope that a key needs. */
export function createRouter(db: Database, latchkey: TidewaterLatchkey) {
  const t = initTRPC.context<ReturnType<TidewaterLatchkey["createContext"]>>().create()

  return t.router({
    reports: t.router({
      list: t.procedure
        .concat(latchkey.requires({ scope: "reports:read" }))
        .query(({ ctx }) => listReports(db, ctx.caller.subject)),

      publish: t.procedure
        .concat(latchkey.requires({ scope: "reports:write" }))
        .input(z.strictObject({ id: z.uuid() }))
        .mutation(async ({ ctx, input }) => {
          const report = await publishReport(db, { organizationId: ctx.caller.subject, ...input })
          if (!report) throw new TRPCError({ code: "NOT_FOUND", message: "There is no such report." })
          return report
        }),
    }),
    latchkey: latchkey.router,
  })
}

export type TidewaterRouter = ReturnType<typeof createRouter>
