/** The database is temporarily unavailable: unreachable, overloaded, shutting down, read-only or out of space. */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable"
  /** Whether the change was made, or may have been, without being guaranteed. */
  readonly begun: boolean

  constructor(message: string, { begun = false, ...options }: ErrorOptions & { begun?: boolean } = {}) {
    super(message, options)
    this.begun = begun
  }
}
