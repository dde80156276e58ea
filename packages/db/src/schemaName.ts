/** The PostgreSQL schema of all tables, unless another is named. */
export const DEFAULT_SCHEMA = "latchkey"

/** What `isSchemaName` expects, for error messages. */
export const SCHEMA_NAME_RULE =
  "expected 1 to 63 lowercase letters, digits and underscores, not beginning with a digit or pg_"

/** Whether a schema may have this name. PostgreSQL keeps names that begin with `pg_` for itself. */
export const isSchemaName = (name: string): boolean => /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(name)

/** A name as an identifier in SQL, whatever characters or reserved word it consists of. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
