import type { Auth, Caller, Owner } from "@latchkey/auth"

/** The owner of one of Latchkey's own accounts. */
export function ownerOf(user: Pick<Owner, "id" | "email" | "role" | "createdAt">): Owner {
  return { ...user, issuer: "latchkey", subject: user.id }
}

/** The caller that contenders without authentication return, of the same shape and size as a real one. */
export const fixedCaller: Caller = {
  via: "apiKey",
  apiKeyId: "6f1c8f0a-3b51-4f5e-9a57-2f2a4a1f7d10",
  label: "key 0",
  metadata: null,
  owner: ownerOf({
    id: "0b7c1a52-8d0e-4c55-bb0f-9d3b6f0f4e21",
    email: "user-0000000@bench.invalid",
    role: "user",
    createdAt: new Date("2026-01-01T00:00:00Z"),
  }),
  scopes: [],
  isScoped: false,
  manage: "write",
}

const unavailable = new Proxy(
  {},
  {
    get() {
      throw new TypeError("this contender only authenticates")
    },
  },
)

/** An `Auth` that only authenticates, by calling `identify`. */
export const createStubAuth = (identify: (headers: Headers) => Promise<Caller | null>): Auth => ({
  refreshTokenTtl: 1,
  scopes: [],
  passwords: "on",
  authenticate: async (headers) => {
    const caller = await identify(headers)
    return caller ? { caller } : { caller: null, problem: "invalid", cause: "unknown" }
  },
  actFor: () => {
    throw new TypeError("this contender only authenticates")
  },
  introspect: () => {
    throw new TypeError("this contender only authenticates")
  },
  administratorOf: () => {
    throw new TypeError("this contender only authenticates")
  },
  as: () => {
    throw new TypeError("this contender only authenticates")
  },
  reportLeakedKey: () => {
    throw new TypeError("this contender only authenticates")
  },
  ownerTokens: unavailable as Auth["ownerTokens"],
  accounts: unavailable as Auth["accounts"],
  secondFactors: unavailable as Auth["secondFactors"],
  describeAccount: () => {
    throw new TypeError("this contender only authenticates")
  },
  emailVerifications: unavailable as Auth["emailVerifications"],
  passwordResets: unavailable as Auth["passwordResets"],
  apiKeys: unavailable as Auth["apiKeys"],
  sessions: unavailable as Auth["sessions"],
  audit: unavailable as Auth["audit"],
  admin: unavailable as Auth["admin"],
  holdsLease: null,
  queue: unavailable as Auth["queue"],
  syncAdmins: async () => ({ unregistered: 0, first: false }),
  flush: async () => {},
  close: async () => {},
})

/** An `Auth` that returns the fixed caller for every request. */
export const openAuth: Auth = createStubAuth(async () => fixedCaller)
