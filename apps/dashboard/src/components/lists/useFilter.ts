import { useState } from "react"
import { useDebounced } from "./useDebounced.ts"
import { usePages } from "./usePages.ts"

const TYPING_MS = 200

export interface Filter<Status extends string> {
  status: Status
  search: string
}

/** The filter of a list, and its pages, which start over when the filter changes. */
export function useFilter<Status extends string>(initial: Filter<Status>) {
  const [filter, setFilter] = useState(initial)
  const pages = usePages()
  return {
    filter,
    /** The search once the user has stopped typing. */
    search: useDebounced(filter.search.trim(), TYPING_MS),
    pages,
    changeFilter(next: Filter<Status>) {
      setFilter(next)
      pages.toFirst()
    },
  }
}
