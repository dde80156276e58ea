import { DatabaseUnusable } from "./databaseUnusable.ts"

/** SQLSTATEs: a table or an index of this name exists, or another kind of object. */
export const EXISTS = /^(42P07|42710)$/

/** The schema contains another product's object with the name of one of our tables or indexes. */
export const nameTaken = ({ name, schema }: { name: string; schema: string }, cause: unknown) =>
  new DatabaseUnusable(
    `"${name}" in the schema "${schema}" belongs to another product; name another schema for Latchkey`,
    { cause },
  )
