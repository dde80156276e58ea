import { notOurs } from "../transport/fetchAnswer.ts"

interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

/**
 * Fetches the input's page immediately, and the following ones as the iteration reaches them.
 *
 * @param fetchPage gets the input with the cursor of the page.
 */
export function listPages<Item, Input extends { cursor?: string | null | undefined }>(
  input: Input | undefined,
  fetchPage: (input: Omit<Input, "cursor"> & { cursor: string | undefined }) => Promise<Page<Item>>,
): Promise<Page<Item>> & AsyncIterable<Item> {
  const fetchFrom = (cursor: string | undefined) => fetchPage({ ...(input as Input), cursor })
  const firstPage = fetchFrom(input?.cursor ?? undefined)
  return Object.assign(firstPage, {
    async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
      const cursors = new Set<string>()
      let page = await firstPage
      for (;;) {
        yield* page.items
        if (page.nextCursor === null) return
        if (cursors.has(page.nextCursor)) throw notOurs({ status: 200 })
        cursors.add(page.nextCursor)
        page = await fetchFrom(page.nextCursor)
      }
    },
  })
}
