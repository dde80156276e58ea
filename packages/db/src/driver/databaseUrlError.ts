/** A `DATABASE_URL` that can't be used. The message states what was expected and contains only parameter names of the URL. */
export class DatabaseUrlError extends Error {
  override name = "DatabaseUrlError"
}
