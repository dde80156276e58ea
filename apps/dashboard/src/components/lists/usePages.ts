import { useState } from "react"

export type Pages = ReturnType<typeof usePages>

/** Navigates pages that only link to the next one. Keeps the cursors of previous pages to go back. */
export function usePages() {
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null])
  return {
    cursor: cursors.at(-1) ?? null,
    page: cursors.length,
    toNext: (cursor: string) => setCursors([...cursors, cursor]),
    toPrevious: () => setCursors(cursors.length > 1 ? cursors.slice(0, -1) : cursors),
    toFirst: () => setCursors([null]),
  }
}
