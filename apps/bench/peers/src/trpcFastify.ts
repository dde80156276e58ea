import { appRouter, createContext, openSource, RequestState } from "@latchkey/api"
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify"
import { fastify } from "fastify"
import { port } from "../../src/contenders/parts/environment.ts"
import { openAuth } from "../../src/contenders/parts/fixedCaller.ts"

const app = fastify()

/** Adapts Node's headers to the `get` that a context needs. */
const asHeaders = (headers: NodeJS.Dict<string | string[]>) => ({
  get: (name: string) => headers[name.toLowerCase()]?.toString() ?? null,
})

/** Latchkey's router through tRPC's Fastify adapter. */
app.register(fastifyTRPCPlugin, {
  prefix: "/trpc",
  trpcOptions: {
    router: appRouter,
    createContext: ({ req }: { req: { headers: NodeJS.Dict<string | string[]> } }) =>
      createContext(
        openSource(openAuth),
        new RequestState({ headers: asHeaders(req.headers), peerAddress: "127.0.0.1" }),
      ),
  },
})
await app.listen({ port: port(), host: "127.0.0.1" })
