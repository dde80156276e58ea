import type { Auth, Caller } from "@latchkey/auth"

/** Who is calling where nobody is asked; of the same shape and size as a real caller. */
export const fixedCaller: Caller = {
  via: "apiKey",
  apiKeyId: "6f1c8f0a-3b51-4f5e-9a57-2f2a4a1f7d10",
  user: {
    id: "0b7c1a52-8d0e-4c55-bb0f-9d3b6f0f4e21",
    email: "user-0000000@bench.invalid",
    role: "user",
    createdAt: new Date("2026-01-01T00:00:00Z"),
  },
}

const notServed = new Proxy(
  {},
  {
    get() {
      throw new TypeError("this contender only tells who is calling")
    },
  },
)

/** An `Auth` that asks `identify` who is calling, and can do nothing else. */
export const authThatOnly = (identify: (headers: Pick<Headers, "get">) => Promise<Caller | null>): Auth => ({
  authenticate: async (headers) => {
    const caller = await identify(headers)
    return caller ? { caller } : { caller: null, problem: "invalid" }
  },
  accounts: notServed as Auth["accounts"],
  apiKeys: notServed as Auth["apiKeys"],
  sessions: notServed as Auth["sessions"],
  audit: notServed as Auth["audit"],
  admin: notServed as Auth["admin"],
  queue: notServed as Auth["queue"],
  appointAdmins: async () => 0,
  close: async () => {},
})

/** An `Auth` that takes everybody for the same caller, at once. */
export const openAuth: Auth = authThatOnly(async () => fixedCaller)
