import type { Scenario } from "./simulate.ts"

const synchronous = { replication: "synchronous", faults: {}, loss: 0 } as const

/** What the instances, their machines, their network and the database go through. */
export const scenarios = {
  calm: synchronous,
  lossy: { ...synchronous, faults: { cutOff: 0.3 }, loss: 0.05 },
  stops: { ...synchronous, faults: { stop: 0.4, sleep: 0.3, setClock: 0.1 }, loss: 0.01 },
  clocks: { ...synchronous, faults: { stop: 0.4, setClock: 0.4 }, loss: 0.01 },
  deaths: { ...synchronous, faults: { die: 0.4, cutOff: 0.1 }, loss: 0.01 },
  readers: { ...synchronous, faults: { cutOff: 0.3, stop: 0.2, die: 0.1 }, loss: 0.02, readers: 0.4 },
  failover: { ...synchronous, failover: "kill", faults: { cutOff: 0.2, stop: 0.1 }, loss: 0.01 },
  asynchronousFailover: {
    replication: "asynchronous",
    failover: "kill",
    faults: { cutOff: 0.3 },
    loss: 0.01,
  },
  lostLeases: {
    replication: "asynchronous",
    failover: "kill",
    late: true,
    revokedBetween: [950, 1_300],
    lag: 400,
    faults: {},
    loss: 0,
  },
  lostChanges: { replication: "asynchronous", failover: "kill", lag: 300, faults: { cutOff: 0.1 }, loss: 0 },
  drift: {
    ...synchronous,
    // As far as the margin of such short leases allows.
    drift: 0.07,
    driftsFully: true,
    isolatesWithin: 0,
  },
  slow: { ...synchronous, faults: { cutOff: 0.3 }, loss: 0.01, slow: 0.3 },
  slowBurst: {
    ...synchronous,
    faults: { cutOff: 0.7 },
    slow: 0.5,
    revokedBetween: [800, 2_200],
  },
  burst: { ...synchronous, revokedBetween: [1_000, 1_100] },
  byHand: { ...synchronous, faults: { cutOff: 0.2, stop: 0.1 }, loss: 0.01, byHand: true },
  lengths: { ...synchronous, faults: { cutOff: 0.3, stop: 0.1 }, loss: 0.02, lengths: [300, 600] },
  endedByHand: {
    ...synchronous,
    faults: { cutOff: 0.2 },
    loss: 0.01,
    leasesEndedAt: 1_200,
    revokedBetween: [1_000, 1_600],
  },
  copies: { ...synchronous, faults: { cutOff: 0.3 }, loss: 0.01, copies: true },
  pooler: { ...synchronous, failover: "splitBrain", pooler: true, faults: {}, loss: 0 },
  splitBrain: { ...synchronous, failover: "splitBrain", faults: { cutOff: 0.2, stop: 0.1 }, loss: 0.01 },
} satisfies Record<string, Scenario>
