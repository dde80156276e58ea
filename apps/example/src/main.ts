import { randomBytes } from "node:crypto"
import { serve } from "@hono/node-server"
import { createTidewater } from "./createTidewater.ts"
import { DEMO_PASSWORD, DEMO_USERS } from "./db/addDemoData.ts"
import { openDatabase } from "./db/openDatabase.ts"
import { readEnv } from "./env.ts"
import { createLatchkey } from "./latchkey.ts"
import { createSignIns } from "./signIns.ts"

const { port, databaseUrl, secret } = readEnv(process.env)
const database = await openDatabase(databaseUrl === undefined ? { folder: ".tidewater" } : { databaseUrl })
const signIns = createSignIns(database.db)
const latchkey = createLatchkey({
  database: databaseUrl === undefined ? { database: "embedded" } : { databaseUrl },
  // Without a configured secret, the demo generates one. Keys outlive it, because they depend on no secret.
  secret: secret ?? randomBytes(32).toString("hex"),
  signIns,
})
const server = serve({ fetch: createTidewater(database, signIns, latchkey).fetch, port })
process.stdout.write(
  `Tidewater serves on http://localhost:${port}\n` +
    `Sign in as ${DEMO_USERS.map(({ email }) => email).join(" or ")}, password ${DEMO_PASSWORD}\n`,
)

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    server.close(async () => {
      await latchkey.close()
      await database.close()
    })
  })
}
