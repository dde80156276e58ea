/** Identifies a server among the successive primaries of a cluster. */
export interface Lineage {
  /** Shared by a primary and its standbys. */
  system: string
  /** Grows with each promotion. */
  timeline: number
}

/** Any role may read it. The name of a WAL file begins with the timeline in hex. */
export const READ_LINEAGE = `
  select system_identifier::text, left(pg_walfile_name(pg_current_wal_lsn()), 8) from pg_control_system()`

export function toLineage(rows: unknown): Lineage | null {
  const [[system, timeline] = []] = rows as string[][]
  return system === undefined || timeline === undefined ? null : { system, timeline: timelineOf(timeline) }
}

/** @param name the first eight digits of the names of its WAL files. */
export const timelineOf = (name: string): number => Number.parseInt(name, 16)

/**
 * Whether a server was replaced by the promotion of a standby. An old primary that was frozen or cut off does not know
 * that, and still has the keys that were revoked since.
 */
export const isReplaced = (lineage: Lineage | null, newest: Lineage | null): boolean =>
  lineage !== null &&
  newest !== null &&
  lineage.system === newest.system &&
  lineage.timeline < newest.timeline

/** The first eight digits of the names of a timeline's WAL files. */
export const timelineName = ({ timeline }: Lineage): string =>
  timeline.toString(16).toUpperCase().padStart(8, "0")
