import bcrypt from "bcrypt"
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core"
import { memberships, organizations, reports, users } from "./schema.ts"

export const DEMO_PASSWORD = "tidewater-demo"

export const DEMO_USERS = [
  { email: "ada@tidewater.example", name: "Ada", organizationId: "org_harbor", role: "editor" },
  { email: "vic@tidewater.example", name: "Vic", organizationId: "org_harbor", role: "viewer" },
  { email: "ben@tidewater.example", name: "Ben", organizationId: "org_pilot", role: "editor" },
] as const

const DEMO_ORGANIZATIONS = [
  { id: "org_harbor", name: "Harbor Authority" },
  { id: "org_pilot", name: "Pilot Station" },
]

const DEMO_REPORTS = [
  { organizationId: "org_harbor", title: "High water, week 47" },
  { organizationId: "org_harbor", title: "Low water, week 47" },
  { organizationId: "org_pilot", title: "Currents at the bar" },
]

/** Adds the demo's people, organizations and reports. Existing rows stay as they are. */
export async function addDemoData(db: PgDatabase<PgQueryResultHKT>): Promise<void> {
  await db.insert(organizations).values(DEMO_ORGANIZATIONS).onConflictDoNothing()
  await db.insert(reports).values(DEMO_REPORTS).onConflictDoNothing()
  const passwordHash = await bcrypt.hash(DEMO_PASSWORD, 10)
  for (const { organizationId, role, ...user } of DEMO_USERS) {
    const [added] = await db
      .insert(users)
      .values({ ...user, passwordHash })
      .onConflictDoNothing()
      .returning({ id: users.id })
    if (added) await db.insert(memberships).values({ userId: added.id, organizationId, role })
  }
}
