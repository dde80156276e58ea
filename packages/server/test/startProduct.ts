import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  httpBatchStreamLink,
  TRPCClientError,
  wsLink,
} from "@trpc/client"
import { initTRPC } from "@trpc/server"
import { createHTTPHandler } from "@trpc/server/adapters/standalone"
import { applyWSSHandler } from "@trpc/server/adapters/ws"
import superjson from "superjson"
import { onTestFinished } from "vitest"
import { WebSocket, WebSocketServer } from "ws"
import type { ContextSource, LatchkeyServer } from "../src/types.ts"
import type { TestScope } from "./startLatchkey.ts"

interface Context {
  requestedAt: Date
}

/** A product's own router, with a transformer, an error formatter and a context of its own. */
export function createProduct(latchkey: LatchkeyServer<TestScope>) {
  const t = initTRPC.context<Context & ReturnType<typeof latchkey.createContext>>().create({
    transformer: superjson,
    errorFormatter: ({ shape }) => ({ ...shape, product: "Tidewater" }),
  })
  const protectedProcedure = t.procedure.concat(latchkey.requires())
  return t.router({
    whoami: protectedProcedure.query(({ ctx }) => ({ ...ctx.caller, at: ctx.requestedAt })),
    publish: t.procedure
      .concat(latchkey.requires({ scope: "reports:write" }))
      .mutation(({ ctx }) => ctx.caller.subject),
    byKey: t.procedure.concat(latchkey.requires({ via: "apiKey" })).query(({ ctx }) => ctx.caller.via),
    ticks: protectedProcedure.subscription(async function* ({ signal }) {
      yield "begun"
      await new Promise((resolve) => signal?.addEventListener("abort", resolve))
    }),
    lines: protectedProcedure.query(async function* ({ signal }) {
      yield "begun"
      await new Promise((resolve) => signal?.addEventListener("abort", resolve))
    }),
    keys: latchkey.router,
  })
}

/** Serves the product over HTTP and WebSockets. */
export async function startProduct(latchkey: LatchkeyServer<TestScope>) {
  const router = createProduct(latchkey)
  const createContext = (options: ContextSource) => ({
    requestedAt: new Date(),
    ...latchkey.createContext(options),
  })
  const server = createServer(createHTTPHandler({ router, createContext }))
  const wss = new WebSocketServer({ server })
  applyWSSHandler({ wss, router, createContext })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    wss.close()
    for (const client of wss.clients) client.terminate()
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    http: (headers: Record<string, string>) =>
      createTRPCClient<typeof router>({ links: [httpBatchLink({ url, headers, transformer: superjson })] }),
    stream: (headers: Record<string, string>) =>
      createTRPCClient<typeof router>({
        links: [httpBatchStreamLink({ url, headers, transformer: superjson })],
      }),
    webSocket(connectionParams: Record<string, string>, headers: Record<string, string> = {}) {
      const WithHeaders = class extends WebSocket {
        constructor(address: string) {
          super(address, { headers })
        }
      }
      const client = createWSClient({
        url: url.replace("http", "ws"),
        connectionParams,
        WebSocket: WithHeaders as unknown as typeof globalThis.WebSocket,
      })
      onTestFinished(() => client.close())
      return createTRPCClient<typeof router>({ links: [wsLink({ client, transformer: superjson })] })
    },
  }
}

/** How a call of the product has failed; null if it has not. */
export const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) =>
      error instanceof TRPCClientError
        ? { status: error.data?.httpStatus, product: error.shape?.product }
        : error,
  )
