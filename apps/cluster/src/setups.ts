/** How the cluster replicates, and how Latchkey uses it. */
export interface Setup {
  name: string
  title: string
  isSynchronous: boolean
  /** Whether Latchkey connects to the machines themselves instead of HAProxy. */
  isDirect: boolean
  /** Latchkey's variables. `members` is the URL of all machines. */
  env(members: string): Record<string, string>
}

const required = { REQUIRE_SYNCHRONOUS: "on" }
const viaHaproxy = { isSynchronous: true, isDirect: false }

export const SETUPS: readonly Setup[] = [
  { ...viaHaproxy, name: "synchronous", title: "synchronous", env: () => required },
  {
    ...viaHaproxy,
    name: "fence",
    title: "synchronous, `VERIFY_LEASE=3`, `VERIFY_LEASE_CACHE=off`",
    env: () => ({ ...required, VERIFY_LEASE: "3", VERIFY_LEASE_CACHE: "off" }),
  },
  {
    ...viaHaproxy,
    name: "leases",
    title: "synchronous, `VERIFY_LEASE=3`",
    env: () => ({ ...required, VERIFY_LEASE: "3" }),
  },
  {
    name: "asynchronous",
    title: "asynchronous",
    isSynchronous: false,
    isDirect: false,
    env: () => ({}),
  },
  {
    name: "standby",
    title: "asynchronous, `REVOCATION_FENCE=standby`",
    isSynchronous: false,
    isDirect: false,
    env: (members) => ({ REVOCATION_FENCE: "standby", REVOCATION_FENCE_URL: members }),
  },
  {
    name: "direct",
    title: "synchronous, the machines in `DATABASE_URL`",
    isSynchronous: true,
    isDirect: true,
    env: () => required,
  },
]
