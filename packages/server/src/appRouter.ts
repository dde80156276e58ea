// The type as clients see it is written once, by hand. A test of the SDK compares it with the router's own.
export type { AppRouter } from "../../sdk/src/appRouter.ts"
