/** A feature that Latchkey's SQL needs. */
export interface Need {
  name: string
  /** Its purpose. */
  purpose: string
  /**
   * Statements that work if the feature exists. They run in one transaction with the tables below, which is rolled
   * back.
   */
  statements: readonly string[]
  /** A statement that has to fail after them, with this SQLSTATE. */
  refusal?: { statement: string; code: string }
  /** Whether Latchkey works without the feature, apart from its purpose. */
  isOptional?: true
}
