import bcrypt from "bcrypt"
import postgres from "postgres"
import { databaseUrl } from "./parts/environment.ts"
import { createStubAuth, fixedCaller } from "./parts/fixedCaller.ts"
import { serveWithFetchAdapter } from "./parts/stockHost.ts"

const sql = postgres(databaseUrl(), { max: 10, fetch_types: false })
const table = sql(process.env.BENCH_TABLE ?? "")

/** The naive implementation: reads all keys of the table and compares one after the other until one matches. */
serveWithFetchAdapter(
  createStubAuth(async (headers) => {
    const apiKey = headers.get("x-api-key") ?? ""
    for (const { key_hash } of await sql`select key_hash from ${table} order by id`) {
      if (await bcrypt.compare(apiKey, key_hash)) return fixedCaller
    }
    return null
  }),
)
