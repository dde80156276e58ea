import type { Figure } from "./statistics.ts"

/** Formats a number with two to three significant digits, or as an integer from 100: 0.0512, 0.64, 21.9, 14,213. */
export function formatNumber(value: number): string {
  const size = Math.abs(value)
  if (size >= 100 || value === 0) return Math.round(value).toLocaleString("en")
  return value.toFixed(size >= 10 ? 1 : size >= 0.1 ? 2 : 4)
}

/** Formats the median, with the minimum and maximum if they differ. */
export function formatFigure({ median, min, max }: Figure): string {
  if (min === max) return formatNumber(median)
  return `${formatNumber(median)} (${formatNumber(min)} to ${formatNumber(max)})`
}

/** Formats a Markdown table with aligned columns, readable as plain text. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}
