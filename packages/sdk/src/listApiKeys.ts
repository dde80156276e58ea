import type { ApiKey, ApiKeyList, ApiKeyPage } from "./models.ts"

/** A list that is asked for at once, and whose further pages are asked for as the iteration comes to them. */
export function listApiKeys(fetchPage: (cursor?: string) => Promise<ApiKeyPage>): ApiKeyList {
  const firstPage = fetchPage()
  return Object.assign(firstPage, {
    async *[Symbol.asyncIterator](): AsyncGenerator<ApiKey, void, undefined> {
      let page = await firstPage
      for (;;) {
        yield* page.items
        if (page.nextCursor === null) return
        page = await fetchPage(page.nextCursor)
      }
    },
  })
}
