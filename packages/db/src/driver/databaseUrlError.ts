/** A `DATABASE_URL` that can't be used. The message says what was expected, and holds no part of the URL but names. */
export class DatabaseUrlError extends Error {
  override name = "DatabaseUrlError"
}
