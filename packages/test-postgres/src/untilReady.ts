import { setTimeout as sleep } from "node:timers/promises"
import postgres from "postgres"

/** Resolves when a server that was just started answers; rejects when its process is gone or half a minute is over. */
export async function untilReady(url: string, keeper: { exitCode: number | null }) {
  for (let attempt = 1; ; attempt++) {
    const sql = postgres(url, {
      max: 1,
      connect_timeout: 2,
      prepare: false,
      fetch_types: false,
      onnotice: () => {},
    })
    try {
      await sql.unsafe("select 1")
      return
    } catch (error) {
      if (attempt === 300 || keeper.exitCode !== null) throw error
      await sleep(100)
    } finally {
      await sql.end({ timeout: 1 })
    }
  }
}
