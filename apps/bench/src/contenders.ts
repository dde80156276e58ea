import { apiKeyAt, INTROSPECTION_KEY, spread } from "./keys.ts"
import type { Credentials } from "./loadProtocol.ts"
import type { Scale } from "./options.ts"
import { ACCESS_TOKEN_TTL, firstRestricted } from "./seed/seedLatchkey.ts"
import { bcryptTable } from "./seed/seedPeers.ts"

/** An implementation that is measured side by side with others. */
export interface Contender {
  name: string
  title: string
  /** The path of the script, relative to `dist`. */
  script: string
  env: Record<string, string>
  /** Latchkey's database with this number of keys, or that of the peers. */
  database?: number | "peers"
  /** Changes the URL of the database. */
  routeDatabase?: (url: string) => string
  path: string
  /** `sessions` sends access tokens of the database's sessions. */
  credentials: Credentials | "sessions"
  connections: number
  /** Requests per round, for a contender too slow to measure by time. */
  amount?: number
  /** Absent: GET. */
  method?: "POST"
  /** Runs without HTTP and generates its own load. */
  inProcess?: true
  /** The script of a process that generates the load, instead of the load generator. */
  client?: string
}

export const LATCHKEY_SERVER = "../../standalone/dist/main.js"

/** The server with its defaults, but without request logs, since the peers write none. */
export const latchkeyEnv = (secret: string) => ({
  AUTH_SECRET: secret,
  ACCESS_TOKEN_TTL: `${ACCESS_TOKEN_TTL}`,
  LOG_LEVEL: "warn",
})

/** All contenders, in the order of the report. `secret` is the server secret of the receipts. */
export function listContenders(scale: Scale, secret: string): Contender[] {
  return [
    ...withoutAuthentication(scale),
    ...latchkey(scale, secret),
    ...peers(scale),
    ...latchkeyAlone(scale, secret),
  ]
}

const common = (scale: Scale) => ({
  env: {},
  path: "/trpc/auth.me",
  connections: scale.connections,
  credentials: { keys: spread(scale.active, scale.keys) },
})

function withoutAuthentication(scale: Scale): Contender[] {
  const contender = (name: string, script: string, title: string) => ({
    ...common(scale),
    name,
    script,
    title,
  })
  return [
    contender("bare-http", "contenders/bareHttp.js", "bare node:http, no authentication"),
    contender("trpc-bare", "contenders/trpcBare.js", "a tRPC call on bare node:http, no authentication"),
    contender("trpc-fetch", "contenders/trpcFetch.js", "tRPC's fetch adapter on Hono, no authentication"),
    contender("trpc-fastify", "../peers/dist/trpcFastify.js", "tRPC's Fastify adapter, no authentication"),
    contender("latchkey-open", "contenders/latchkeyOpen.js", "Latchkey's host, no authentication"),
  ]
}

function latchkeyOn(keys: number, scale: Scale, secret: string) {
  return {
    ...common(scale),
    script: LATCHKEY_SERVER,
    env: latchkeyEnv(secret),
    database: keys,
    credentials: { keys: spread(scale.active, keys) },
  }
}

function latchkey(scale: Scale, secret: string): Contender[] {
  const usual = latchkeyOn(scale.keys, scale, secret)
  return [
    { ...usual, name: "latchkey-key", title: "Latchkey by key" },
    {
      ...usual,
      name: "latchkey-key-restricted",
      title: "Latchkey by key with scopes, an IP list and a limit",
      env: { ...usual.env, SCOPES: "reports:read" },
      credentials: { keys: { from: firstRestricted(scale.keys), count: scale.active, step: 1 } },
    },
    {
      ...usual,
      name: "latchkey-key-lease",
      title: "Latchkey by key with leases",
      env: { ...usual.env, VERIFY_LEASE: "3" },
    },
    { ...usual, name: "latchkey-jwt", title: "Latchkey by JWT", credentials: "sessions" },
    { ...usual, name: "latchkey-rest", title: "Latchkey by key over REST", path: "/auth/me" },
    {
      ...usual,
      name: "in-process",
      title: "Latchkey by key in process, without HTTP",
      script: "contenders/inProcess.js",
      inProcess: true,
    },
    {
      ...usual,
      name: "in-process-lease",
      title: "Latchkey by key in process, with leases",
      script: "contenders/inProcess.js",
      env: { ...usual.env, VERIFY_LEASE: "3" },
      inProcess: true,
    },
    {
      ...usual,
      name: "introspection",
      title: "Latchkey's introspection of keys",
      env: { ...usual.env, INTROSPECTION_KEYS: INTROSPECTION_KEY },
      path: "/oauth/introspect",
      method: "POST",
      credentials: { introspected: usual.credentials.keys, apiKey: INTROSPECTION_KEY },
    },
    {
      ...usual,
      name: "sdk-verify",
      title: "the SDK's `verify` from one process, by key",
      env: { ...usual.env, INTROSPECTION_KEYS: INTROSPECTION_KEY },
      client: "contenders/sdkVerify.js",
    },
    {
      ...usual,
      name: "product-api",
      title: "a product's own procedure behind `requires`, by key",
      script: "contenders/productApi.js",
      path: "/trpc/reports.list",
    },
  ]
}

function peers(scale: Scale): Contender[] {
  const usual = { ...common(scale), database: "peers" as const }
  const bcryptAll = (size: number, amount: number): Contender => ({
    ...usual,
    name: `bcrypt-${size}`,
    title: `bcrypt, comparing up to ${size} keys`,
    script: "contenders/bcryptAll.js",
    env: { BENCH_TABLE: bcryptTable(size) },
    // The two middle keys take the average number of comparisons.
    credentials: { header: "x-api-key", values: [apiKeyAt(size / 2 - 1), apiKeyAt(size / 2)] },
    // One connection keeps the core as busy as 32, whose requests would take minutes.
    connections: 1,
    amount,
  })
  return [
    { ...usual, name: "better-auth", title: "Better Auth's API keys", script: "../peers/dist/betterAuth.js" },
    {
      ...usual,
      name: "better-auth-in-process",
      title: "Better Auth's API keys in process, without HTTP",
      script: "../peers/dist/betterAuthInProcess.js",
      inProcess: true,
    },
    { ...usual, name: "sha256", title: "SHA-256 and one read per request", script: "contenders/sha256.js" },
    bcryptAll(10, 4 * scale.slowRequests),
    bcryptAll(100, scale.slowRequests),
  ]
}

function latchkeyAlone(scale: Scale, secret: string): Contender[] {
  const usual = latchkeyOn(scale.keys, scale, secret)
  const manyKeys = (count: number) => ({
    ...usual,
    name: "latchkey-key-many",
    title: `Latchkey by key, ${count.toLocaleString("en")} different keys`,
    credentials: { keys: spread(count, scale.keys) },
  })
  return [
    ...scale.otherSizes.map((keys) => ({
      ...latchkeyOn(keys, scale, secret),
      name: `latchkey-key-${keys}`,
      title: `Latchkey by key, table of ${keys.toLocaleString("en")}`,
    })),
    ...scale.otherConnections.map((connections) => ({
      ...usual,
      name: `latchkey-key-c${connections}`,
      title: `Latchkey by key, ${connections} ${connections === 1 ? "connection" : "connections"}`,
      connections,
    })),
    ...(scale.manyActive === undefined ? [] : [manyKeys(scale.manyActive)]),
    {
      ...usual,
      name: "latchkey-key-log",
      title: "Latchkey by key, with request logs",
      env: { ...usual.env, LOG_LEVEL: "info" },
    },
  ]
}
