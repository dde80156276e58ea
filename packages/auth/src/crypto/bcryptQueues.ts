import type { AuthObserver } from "../observer.ts"
import { type BcryptQueue, createBcryptQueue } from "./bcryptQueue.ts"
import { observeBcrypt } from "./observeBcrypt.ts"

/** How many bcrypts may wait per core: about 3 s of work, less than the timeout of most clients. */
const waitingPerCore = (cost: number) => Math.max(2, Math.floor(40 / 2 ** (cost - 10)))

/** A cost between the usual and the highest of imported hashes. */
const IMPORTED_COST = 12

/**
 * Separate queues, so that a flood of one kind of bcrypt does not delay the others. Anyone can cause the first three kinds,
 * so a mismatch there is followed by a rest, which leaves most of a core to calls without bcrypt.
 */
export type BcryptQueues = Record<"password" | "presentedKey" | "importedKey" | "newKey", BcryptQueue>

/** @param options.atOnce how many bcrypts of a kind run at once. */
export function createBcryptQueues({
  cost,
  atOnce,
  observer,
}: {
  cost: number
  atOnce: number
  observer: AuthObserver | undefined
}): BcryptQueues {
  const queue = { cost, concurrency: atOnce, maxWaiting: atOnce * waitingPerCore(cost) }
  // Their hashes may cost much more, and several may have to be tried.
  const imported = {
    cost,
    concurrency: Math.max(1, Math.floor(atOnce / 2)),
    maxWaiting: atOnce * waitingPerCore(IMPORTED_COST),
  }
  return {
    password: observeBcrypt(createBcryptQueue({ ...queue, restAfterMismatch: 1 }), "password", observer),
    presentedKey: observeBcrypt(createBcryptQueue({ ...queue, restAfterMismatch: 3 }), "key", observer),
    importedKey: observeBcrypt(
      createBcryptQueue({ ...imported, restAfterMismatch: 3 }),
      "importedKey",
      observer,
    ),
    newKey: observeBcrypt(createBcryptQueue(queue), "newKey", observer),
  }
}
