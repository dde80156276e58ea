import { notOurs } from "../transport/fetchAnswer.ts"

interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

/** Fetches the first page immediately, and the following ones as the iteration reaches them. */
export function listPages<Item>(
  fetchPage: (cursor?: string) => Promise<Page<Item>>,
): Promise<Page<Item>> & AsyncIterable<Item> {
  const firstPage = fetchPage()
  return Object.assign(firstPage, {
    async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
      const cursors = new Set<string>()
      let page = await firstPage
      for (;;) {
        yield* page.items
        if (page.nextCursor === null) return
        if (cursors.has(page.nextCursor)) throw notOurs({ status: 200 })
        cursors.add(page.nextCursor)
        page = await fetchPage(page.nextCursor)
      }
    },
  })
}
