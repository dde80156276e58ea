import { apiKeysRouter } from "./routers/apiKeys.ts"
import { authRouter } from "./routers/auth.ts"
import { sessionsRouter } from "./routers/sessions.ts"
import { router } from "./trpc.ts"

export const appRouter = router({ auth: authRouter, apiKeys: apiKeysRouter, sessions: sessionsRouter })

export type AppRouter = typeof appRouter
