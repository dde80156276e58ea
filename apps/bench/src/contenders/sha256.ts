import { createHash } from "node:crypto"
import postgres from "postgres"
import { databaseUrl } from "./parts/environment.ts"
import { createStubAuth, ownerOf } from "./parts/fixedCaller.ts"
import { serveWithFetchAdapter } from "./parts/stockHost.ts"

interface Row {
  id: string
  user_id: string
  email: string
  role: "user" | "admin"
  created_at: Date
}

const sql = postgres(databaseUrl(), { max: 10, fetch_types: false })

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

/** The common hand-written implementation: a plain SHA-256 of the key and one indexed read per request. */
serveWithFetchAdapter(
  createStubAuth(async (headers) => {
    const [row] = await sql<Row[]>`
      select k.id, k.user_id, u.email, u.role, u.created_at
      from sha256_keys k join sha256_users u on u.id = k.user_id
      where k.key_hash = ${sha256(headers.get("x-api-key") ?? "")} and k.revoked_at is null`
    if (!row) return null
    const { id, user_id, email, role, created_at } = row
    return {
      via: "apiKey",
      apiKeyId: id,
      label: "",
      metadata: null,
      owner: ownerOf({ id: user_id, email, role, createdAt: created_at }),
      scopes: [],
      isScoped: false,
      manage: "write",
    }
  }),
)
