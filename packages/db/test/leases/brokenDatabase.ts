import type { Mutant } from "./mutant.ts"

/** Each version breaks one rule of the database, or of its callers. */
export const brokenDatabase: Record<string, Mutant> = {
  "an instance without leases does not wait": {
    scenario: "readers",
    seed: 1,
    mutations: [
      {
        file: "simulatedInstance",
        from: "await wait(committedOn)",
        to: "if (!isReader) await wait(committedOn)",
      },
    ],
  },
  "a call that finds the key already revoked is answered at once": {
    scenario: "lossy",
    seed: 1,
    mutations: [
      {
        file: "simulatedInstance",
        from: "const { committedOn } = await ask((server) => server.revoke(key))",
        to: `const { committedOn, isFound } = await ask((server) => server.revoke(key))
          if (!isFound) return`,
      },
    ],
  },
  "SQL by hand is not recorded": {
    scenario: "byHand",
    seed: 1,
    mutations: [
      {
        file: "simulate",
        from: "primary.revoke(key)",
        to: "primary.commit((state) => ({ ...state, revoked: new Set(state.revoked).add(key) }))",
      },
    ],
  },
  "positions come from a sequence": {
    scenario: "burst",
    seed: 2,
    mutations: [
      {
        file: "simulatedDatabase",
        from: "// The rest of the transaction.",
        to: "const drawn = (this.sequence = (this.sequence ?? 1) + 1)",
      },
      {
        file: "simulatedDatabase",
        from: "const position = state.position + 1",
        to: "const position = drawn",
      },
      {
        file: "simulatedDatabase",
        from: "return { ...state, position, revoked,",
        to: "return { ...state, position: Math.max(position, state.position), revoked,",
      },
    ],
  },
  "a renewal does not wait for the standby": {
    scenario: "splitBrain",
    seed: 3,
    mutations: [
      {
        file: "simulatedDatabase",
        from: "await this.commit((state) => {\n        const lease",
        to: "void this.commit((state) => {\n        const lease",
      },
    ],
  },
  "a renewal does not compare the token": {
    scenario: "copies",
    seed: 3,
    mutations: [
      {
        file: "simulatedDatabase",
        from: "if (!lease || !params.tokens.includes(lease.token)) return state",
        to: "if (!lease) return state",
      },
    ],
  },
  "a lease that was renewed meanwhile is forgotten": {
    scenario: "slowBurst",
    seed: 212,
    mutations: [
      {
        file: "simulatedDatabase",
        from: "leases.some((other) => other.instanceId === id && other.token === token),",
        to: "leases.some((other) => other.instanceId === id),",
      },
    ],
  },
  "a lease is renewed after the leases were ended by hand": {
    scenario: "endedByHand",
    seed: 1,
    mutations: [
      {
        file: "simulatedDatabase",
        from: "if (lease.length > snapshot.longestLease) return state",
        to: "",
      },
    ],
  },
  "the first new lease leaves the leases valid that were ended by hand": {
    scenario: "endedByHand",
    seed: 2,
    mutations: [
      {
        file: "simulatedDatabase",
        from: 'isFirst ? { ...lease, token: "none" } : lease',
        to: "lease",
      },
    ],
  },
}
