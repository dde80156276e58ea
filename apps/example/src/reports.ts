import { and, asc, eq } from "drizzle-orm"
import type { Database } from "./db/database.ts"
import { reports } from "./db/schema.ts"

export type Report = Pick<typeof reports.$inferSelect, "id" | "title" | "isPublished">

const columns = { id: reports.id, title: reports.title, isPublished: reports.isPublished }

/** An organization's reports, by title. */
export const listReports = (db: Database, organizationId: string): Promise<Report[]> =>
  db
    .select(columns)
    .from(reports)
    .where(eq(reports.organizationId, organizationId))
    .orderBy(asc(reports.title))

/** Publishes one of an organization's reports; null if it has no such report. */
export async function publishReport(
  db: Database,
  { organizationId, id }: { organizationId: string; id: string },
): Promise<Report | null> {
  const [report] = await db
    .update(reports)
    .set({ isPublished: true })
    .where(and(eq(reports.id, id), eq(reports.organizationId, organizationId)))
    .returning(columns)
  return report ?? null
}
