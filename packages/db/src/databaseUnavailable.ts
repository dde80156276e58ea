/** The database is temporarily unavailable: unreachable, overloaded, shutting down, read-only or out of space. */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable"
}
