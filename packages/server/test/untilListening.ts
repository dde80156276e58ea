import { setTimeout as sleep } from "node:timers/promises"

/** Repeats a call until its server listens. */
export async function untilListening(call: () => Promise<Response>): Promise<Response> {
  for (;;) {
    try {
      return await call()
    } catch {
      await sleep(100)
    }
  }
}
