import { router } from "./procedures.ts"
import { adminApiKeysRouter } from "./routers/adminApiKeys.ts"
import { adminUsersRouter } from "./routers/adminUsers.ts"
import { apiKeysRouter } from "./routers/apiKeys.ts"
import { auditRouter } from "./routers/audit.ts"
import { authRouter } from "./routers/auth.ts"
import { ownerTokensRouter } from "./routers/ownerTokens.ts"
import { secondFactorRouter } from "./routers/secondFactor.ts"
import { sessionsRouter } from "./routers/sessions.ts"

export const appRouter = router({
  auth: authRouter,
  apiKeys: apiKeysRouter,
  ownerTokens: ownerTokensRouter,
  sessions: sessionsRouter,
  secondFactor: secondFactorRouter,
  audit: auditRouter,
  admin: { users: adminUsersRouter, apiKeys: adminApiKeysRouter },
})

export type AppRouter = typeof appRouter
