import { randomUUID } from "node:crypto"
import { expect, test } from "vitest"
import { machineClocks } from "./clocks.ts"
import { createLease, type LeaseStore } from "./lease.ts"
import { createLeasedRead } from "./leasedRead.ts"

const KEY = "6f1c1f0e-8e0c-4c53-9a52-0f3c7a2c9a11"

/** A server that grants a lease, and tells of the changes since the position that an instance has applied. */
function createServer(position: number) {
  const changes: { position: number; id: string }[] = []
  let known: string | undefined
  const server = {
    position,
    change(id: string) {
      changes.push({ position: ++server.position, id })
    },
    /** As of an earlier time, with the same name of the timeline. */
    restore(earlier: number) {
      server.position = earlier
      changes.length = 0
      known = undefined
    },
  }
  const store: LeaseStore = {
    async begin({ token }) {
      known = token
      return { timeline: "00000001" }
    },
    async renew({ applied, tokens, nextToken }) {
      const isRenewed = known !== undefined && tokens.includes(known)
      if (isRenewed) known = nextToken
      return {
        ...{ isRenewed, timeline: "00000001", position: server.position, now: 0 },
        changes: changes.filter((change) => change.position > (applied ?? 0)).map(({ id }) => id),
      }
    },
    release: async () => {},
  }
  return { server, store }
}

test.each([
  ["has fewer changes than before", 1],
  ["has as many changes as before", 10],
  ["has more changes than before", 20],
])(
  "what was read before an older backup was restored is read again, if the database %s",
  async (_, changes) => {
    const { server, store } = createServer(50)
    const lease = createLease(store, {
      ...{ length: 3_000, clocks: machineClocks, newId: randomUUID },
      onError: (error) => expect.fail(String(error)),
    })
    let reads = 0
    const rows = createLeasedRead(lease, {
      read: async () => ({ row: ++reads, seen: { timeline: "00000001", position: server.position } }),
      subjectsOf: () => [KEY],
      endOf: () => Number.POSITIVE_INFINITY,
      max: 10,
    })
    await lease.hold()
    expect(await rows.load(KEY)).toBe(1)
    expect(await rows.load(KEY)).toBe(1)

    server.restore(40)
    server.change(KEY)
    for (let change = 1; change < changes; change++) server.change(randomUUID())
    lease.renew()
    await expect.poll(() => lease.changes.position).toBe(40 + changes)
    expect(await rows.load(KEY)).toBe(2)
    expect(await rows.load(KEY)).toBe(2)
    await lease.close()
  },
)
