/**
 * Latchkey can't use the database as it is. The message says what is wrong and how to fix it, and contains no secret.
 */
export class DatabaseUnusable extends Error {
  override name = "DatabaseUnusable"
}
