/** The database is temporarily unavailable: unreachable, overloaded, shutting down, read-only, out of space, or refusing this role. */
export class DatabaseUnavailable extends Error {
  override name = "DatabaseUnavailable"
  /** Whether the change was made, or may have been, without being guaranteed. */
  readonly begun: boolean

  constructor(message: string, { begun = false, ...options }: ErrorOptions & { begun?: boolean } = {}) {
    super(message, options)
    this.begun = begun
  }
}
