import type { HttpBindings } from "@hono/node-server"
import type { Context as ApiContext, Failure } from "@latchkey/api"
import type { Caller } from "@latchkey/auth"
import type { Context, Hono } from "hono"

/** One request and what becomes of it, for the procedures on the way in and for the log on the way out. */
export interface Exchange {
  requestId: string
  api: ApiContext
  /** The route's pattern or the procedures' names, never the path as it was sent, which can hold anything. */
  route: string
  caller: Caller | null
  /** The answer depends on a credential. */
  isPrivate: boolean
  /** For the answer: a new session cookie, or none any more. */
  setCookie: string | null
  /** What was answered; undefined until then. */
  status: number | undefined
  /** Settles when an answer that comes bit by bit is out; what became of the calls is known only then. */
  stream: Promise<void> | undefined
  failures: { failure: Failure; error: unknown }[]
}

export interface AppEnv {
  /** Absent where the app is called without a socket. */
  Bindings: Partial<HttpBindings>
  Variables: { exchange: Exchange }
}

export type App = Hono<AppEnv>
export type AppContext = Context<AppEnv>
