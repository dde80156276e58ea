import type { UseQueryResult } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { FormError } from "../forms/FormError.tsx"
import { Pager } from "./Pager.tsx"
import type { Pages } from "./usePages.ts"

interface Props<Item> {
  /** The kind of items, such as "keys". */
  name: string
  /** The current page, or the previous one until the current one is loaded. */
  list: UseQueryResult<{ items: readonly Item[]; nextCursor: string | null }>
  pages: Pages
  skeleton: ReactNode
  none: ReactNode
  /** @param isStale whether the items are still those of the previous page. */
  children: (items: readonly Item[], isStale: boolean) => ReactNode
}

/** A page of a list, or the reason why there is none, with buttons for the other pages. */
export function PagedList<Item>({ name, list, pages, skeleton, none, children }: Props<Item>) {
  const { data, isError, error, isPlaceholderData } = list
  const isEmpty = data?.items.length === 0
  const nextCursor = isPlaceholderData ? null : (data?.nextCursor ?? null)
  return (
    <>
      {isError ? (
        <FormError error={error} />
      ) : !data || (isPlaceholderData && isEmpty) ? (
        skeleton
      ) : isEmpty ? (
        none
      ) : (
        children(data.items, isPlaceholderData)
      )}
      <Pager
        items={name}
        page={pages.page}
        hasNext={nextCursor !== null}
        onPrevious={pages.toPrevious}
        onNext={() => nextCursor !== null && pages.toNext(nextCursor)}
      />
    </>
  )
}
