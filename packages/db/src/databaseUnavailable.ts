/** The database could not answer now: unreachable, overloaded, shutting down, read-only, out of space. */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable"
}
