import { apiKeysRouter } from "./routers/apiKeys.ts"
import { authRouter } from "./routers/auth.ts"
import { router } from "./trpc.ts"

export const appRouter = router({ auth: authRouter, apiKeys: apiKeysRouter })

export type AppRouter = typeof appRouter
