import { setTimeout as sleep } from "node:timers/promises"

/** Repeats a call until the server that it is for listens. */
export async function untilListening(call: () => Promise<Response>): Promise<Response> {
  for (;;) {
    try {
      return await call()
    } catch {
      await sleep(100)
    }
  }
}
