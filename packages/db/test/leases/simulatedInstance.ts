import { createLease } from "../../src/leases/lease.ts"
import { createLeasedRead } from "../../src/leases/leasedRead.ts"
import { createWaitForLeases } from "../../src/leases/waitForLeases.ts"
import { noAnswer, type SimulatedServer } from "./simulatedDatabase.ts"
import { Machine, type World } from "./world.ts"

/** A process on its own machine, with a connection to the database. */
export interface SimulatedInstance {
  machine: Machine
  server: SimulatedServer
  isCutOff: boolean
  /** Whether it holds no leases, and reads the newest primary for each verdict. */
  isReader: boolean
  verify(key: string): void
  revoke(key: string): void
  close(): void
}

export interface InstanceOptions {
  isReader: boolean
  /** The length of its leases in milliseconds. */
  length: number
  /** How fast its clocks run, compared with the real time. */
  rate: number
  /** The share of lost messages to or from the database. */
  loss: number
  /** The share of slow messages. */
  slow: number
  /** Returns ids that no other instance has. */
  newId: () => string
  /** For a copy of another instance that the database already knew: the first ids of that instance. */
  copied: readonly string[]
  primary: () => SimulatedServer
  /** Where a new connection leads. */
  serverFor: (instance: SimulatedInstance) => SimulatedServer
  onAccepted: (key: string, verdict: { arrived: number; isRemembered: boolean }) => void
  /** @param committedOn the timeline. */
  onRevoked: (key: string, committedOn: string) => void
  /** Called after a failure, so that the caller can repeat the revocation elsewhere. */
  onRefused: (key: string) => void
}

const TIMEOUT = 400

export function startInstance(world: World, options: InstanceOptions): SimulatedInstance {
  const { isReader, length, onAccepted } = options
  const machine = new Machine(world, { rate: options.rate })
  const copied = [...options.copied]

  /** Sends a statement to the instance's server. Statement and answer may be delayed or lost. */
  function ask<Answer>(statement: (server: SimulatedServer) => Promise<Answer> | Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const cancel = machine.clocks.after(TIMEOUT, () => reject(noAnswer()))
      const isLost = () => instance.isCutOff || world.chance(options.loss)
      const delay = () => world.between(0.2, world.chance(options.slow) ? 500 : 4)
      const server = options.serverFor(instance)
      if (isLost()) return
      world.in(delay(), async () => {
        if (server.isDead) return
        const answer = await statement(server)
        if (server.isDead || isLost()) return
        world.in(delay(), () => {
          machine.run(() => {
            cancel()
            resolve(answer)
          })
        })
      })
    })
  }

  const lease = createLease(
    {
      begin: (params) =>
        ask((server) =>
          options.copied.includes(params.instanceId) ? { timeline: server.timeline } : server.begin(params),
        ),
      renew: (params) => ask((server) => server.renew(params, world.between(0, world.chance(0.1) ? 300 : 1))),
      release: ({ instanceId }) => ask((server) => server.release(instanceId)),
    },
    { length, clocks: machine.clocks, newId: () => copied.shift() ?? options.newId(), onError: () => {} },
  )
  const read = (key: string) =>
    ask((server) => server.read(key)).then(({ isRevoked, seen }) =>
      isRevoked ? null : { row: { key }, seen },
    )
  const rows = createLeasedRead(lease, {
    read,
    subjectsOf: (_, key) => [key],
    endOf: () => Number.POSITIVE_INFINITY,
    max: 10,
  })
  const wait = createWaitForLeases(
    {
      find: (params) => ask((server) => server.find(params)),
      forget: ({ leases }) => ask((server) => server.forget(leases)),
      seenAt: () => undefined,
    },
    machine.clocks,
  )

  async function revoke(key: string) {
    const { committedOn } = await ask((server) => server.revoke(key))
    await wait(committedOn)
    return committedOn
  }

  const instance: SimulatedInstance = {
    machine,
    server: options.primary(),
    isCutOff: false,
    isReader,
    verify: (key) =>
      machine.run(() => {
        const arrived = world.now
        const isRemembered = !isReader && rows.get(key) !== undefined
        if (isRemembered) return onAccepted(key, { arrived, isRemembered })
        void (isReader ? read(key) : rows.load(key)).then(
          (row) => row && onAccepted(key, { arrived, isRemembered }),
          () => {},
        )
      }),
    revoke: (key) =>
      machine.run(
        () =>
          void revoke(key).then(
            (committedOn) => options.onRevoked(key, committedOn),
            () => options.onRefused(key),
          ),
      ),
    close: () => machine.run(() => void lease.close()),
  }
  return instance
}
