/** A database that Latchkey can't start on as it is. The message says what is wrong and what to do, and holds no secret. */
export class DatabaseUnusable extends Error {
  override name = "DatabaseUnusable"
}
