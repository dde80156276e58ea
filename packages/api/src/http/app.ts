import type { Context, Hono } from "hono"
import type { Context as ProcedureContext } from "../trpc/context.ts"
import type { RequestState } from "./requestState.ts"

export interface AppEnv {
  Bindings: {
    /** The client's address, as far as the host knows it. */
    address?: string | undefined
    /** Whether that is only the address of the other end of the connection. */
    isPeerAddress?: boolean | undefined
    /** The host's own request. */
    hostRequest?: unknown
    /** Passed by `@hono/node-server`; absent if the handler is called without a socket. */
    incoming?: { socket: { remoteAddress?: string | undefined } }
  }
  Variables: { request: RequestState; procedureContext: ProcedureContext }
}

export type App = Hono<AppEnv>
export type AppContext = Context<AppEnv>
