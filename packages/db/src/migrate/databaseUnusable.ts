/**
 * A database that Latchkey can't use as it is. The message says what is wrong and how to fix it, and contains no
 * secret.
 */
export class DatabaseUnusable extends Error {
  override name = "DatabaseUnusable"
}
