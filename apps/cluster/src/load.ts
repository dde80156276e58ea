import type { Instances } from "./instances.ts"
import { createLedger, type Judgement, type KnownKey } from "./ledger.ts"

/** What has happened since the last call of `begin`. */
export interface Tally {
  verdicts: Record<Judgement, number>
  created: number
  revoked: number
  /** The longest time without a right verdict, and without an acknowledged change, in seconds. */
  outage: { verdicts: number; changes: number }
}

/** Verifies, creates and revokes keys on all instances at steady rates, whatever the answers. */
export interface Load {
  /** Begins a tally. */
  begin(): void
  tally(): Tally
  /** Asks every instance about every key that is known. @returns of how many keys the acknowledgement did not hold. */
  check(): Promise<{ created: number; revoked: number }>
  stop(): void
}

/** Milliseconds between two calls. */
const EVERY_MS = { verify: 40, create: 500, revoke: 500 }
const TIMEOUT_MS = 6_000
const MAX_IN_FLIGHT = 100
const CHECKS_AT_ONCE = 4
/** Verifications are about the keys that were revoked last, and about live ones. */
const RECENT = 40
const LIVE = 30

export function startLoad({ urls, manager }: Instances): Load {
  const ledger = createLedger()
  let inFlight = 0
  let tally = newTally()
  let lastGood = { verdicts: performance.now(), changes: performance.now() }

  function noteGood(kind: "verdicts" | "changes") {
    const now = performance.now()
    tally.outage[kind] = Math.max(tally.outage[kind], (now - lastGood[kind]) / 1000)
    lastGood[kind] = now
  }

  async function call(
    path: string,
    { url = pick(urls), ...options }: RequestInit & { url?: string | undefined },
  ) {
    try {
      const response = await fetch(url + path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) })
      const body: unknown = await response.json().catch(() => null)
      return { status: response.status, body }
    } catch {
      return { status: 0, body: null }
    }
  }

  const managing = {
    "x-api-key": manager,
    "latchkey-on-behalf-of": "host cluster",
    "content-type": "application/json",
  }

  async function verify(key: KnownKey, url?: string): Promise<Judgement> {
    const judge = ledger.ask(key)
    const { status } = await call("/auth/me", { url, headers: { "x-api-key": key.key } })
    return judge(status)
  }

  async function verifyOne() {
    const key = Math.random() < 0.5 ? pick(ledger.revoked.slice(-RECENT)) : pick(ledger.live)
    if (!key) return
    const judgement = await verify(key)
    tally.verdicts[judgement]++
    if (judgement === "right") noteGood("verdicts")
  }

  async function createOne() {
    if (ledger.live.length >= LIVE) return
    const body = JSON.stringify({ label: "cluster" })
    const answer = await call("/auth/apikeys", { method: "POST", headers: managing, body })
    if (answer.status !== 201) return
    ledger.add(answer.body as { id: string; key: string })
    tally.created++
    noteGood("changes")
  }

  async function revokeOne() {
    const { live } = ledger
    const key = live.find(({ revocation }) => revocation === "begun") ?? pick(live)
    if (!key || live.length < LIVE / 3) return
    const wasBegun = key.revocation === "begun"
    ledger.begin(key)
    const { status } = await call(`/auth/apikeys/${key.id}`, { method: "DELETE", headers: managing })
    // Another call about the same key may have been answered meanwhile.
    if (key.revocation === "acknowledged") return
    if (status !== 204 && !(status === 404 && wasBegun)) return
    ledger.acknowledge(key)
    tally.revoked++
    noteGood("changes")
  }

  const every = (work: () => Promise<void>, ms: number) =>
    setInterval(async () => {
      if (inFlight >= MAX_IN_FLIGHT) return
      inFlight++
      await work()
      inFlight--
    }, ms)
  const timers = [
    every(verifyOne, EVERY_MS.verify),
    every(createOne, EVERY_MS.create),
    every(revokeOne, EVERY_MS.revoke),
  ]

  return {
    begin() {
      tally = newTally()
      lastGood = { verdicts: performance.now(), changes: performance.now() }
    },
    tally: () => tally,
    async check() {
      const lost = { created: new Set<KnownKey>(), revoked: new Set<KnownKey>() }
      const questions = urls.flatMap((url) => ledger.all.map((key) => ({ key, url })))
      async function askAll() {
        for (let next = questions.pop(); next; next = questions.pop()) {
          const { key, url } = next
          const judgement = await askUntilAnswered(() => verify(key, url))
          if (judgement === "lost") lost.created.add(key)
          if (judgement === "stale") lost.revoked.add(key)
        }
      }
      await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, askAll))
      ledger.forget(new Set([...lost.created, ...lost.revoked]))
      return { created: lost.created.size, revoked: lost.revoked.size }
    },
    stop: () => timers.forEach(clearInterval),
  }
}

const newTally = (): Tally => ({
  verdicts: { right: 0, stale: 0, lost: 0, unavailable: 0 },
  created: 0,
  revoked: 0,
  outage: { verdicts: 0, changes: 0 },
})

const pick = <Item>(items: readonly Item[]): Item | undefined =>
  items[Math.floor(Math.random() * items.length)]

const ATTEMPTS = 20

async function askUntilAnswered(ask: () => Promise<Judgement>): Promise<Judgement> {
  for (let attempt = 1; ; attempt++) {
    const judgement = await ask()
    if (judgement !== "unavailable" || attempt === ATTEMPTS) return judgement
  }
}
