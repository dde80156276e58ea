interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

/** A list that is asked for at once, and whose further pages are asked for as the iteration comes to them. */
export function listPages<Item>(
  fetchPage: (cursor?: string) => Promise<Page<Item>>,
): Promise<Page<Item>> & AsyncIterable<Item> {
  const firstPage = fetchPage()
  return Object.assign(firstPage, {
    async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
      let page = await firstPage
      for (;;) {
        yield* page.items
        if (page.nextCursor === null) return
        page = await fetchPage(page.nextCursor)
      }
    },
  })
}
