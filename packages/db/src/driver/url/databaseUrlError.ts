/**
 * A `DATABASE_URL` that can't be used. The message says what was expected, and repeats only parameter names of the
 * URL.
 */
export class DatabaseUrlError extends Error {
  override name = "DatabaseUrlError"
}
