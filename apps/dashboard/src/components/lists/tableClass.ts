/** The styles of tables and their skeletons. */
export const tableClass =
  "w-full table-fixed border-separate border-spacing-0 overflow-hidden rounded-xl border border-line bg-surface text-left"
export const headClass = "h-10 bg-sunken px-3 sm:px-4 text-xs font-medium text-muted"
export const cellClass = "h-18 border-t border-line px-3 sm:px-4 py-3 align-middle"
