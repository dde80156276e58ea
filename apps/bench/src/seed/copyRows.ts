import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { Sql } from "postgres"

const ROWS_PER_CHUNK = 1_000

/**
 * Writes rows with `copy`, the fastest way.
 *
 * @param target the table and its columns, in the syntax of `copy`.
 * @param rows the fields of each row, which must not need quotes in CSV. An empty field is null.
 */
export async function copyRows(sql: Sql, target: string, rows: Iterable<readonly string[]>): Promise<void> {
  const sink = await sql.unsafe(`copy ${target} from stdin with (format csv)`).writable()
  await pipeline(Readable.from(chunks(rows)), sink)
}

function* chunks(rows: Iterable<readonly string[]>) {
  let lines: string[] = []
  for (const row of rows) {
    lines.push(row.join(","))
    if (lines.length < ROWS_PER_CHUNK) continue
    yield `${lines.join("\n")}\n`
    lines = []
  }
  if (lines.length > 0) yield `${lines.join("\n")}\n`
}
