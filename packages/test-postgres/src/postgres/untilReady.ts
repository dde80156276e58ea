import { setTimeout as sleep } from "node:timers/promises"
import postgres from "postgres"

/** Resolves when a newly started server accepts queries; rejects if its supervisor exits, or after 300 attempts. */
export async function untilReady(url: string, supervisor: { exitCode: number | null }) {
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
      if (attempt === 300 || supervisor.exitCode !== null) throw error
      await sleep(100)
    } finally {
      await sql.end({ timeout: 1 })
    }
  }
}
