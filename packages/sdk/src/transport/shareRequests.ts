import { mayShare } from "./mayShare.ts"

/**
 * Shares requests among concurrent calls with equal keys. At most one request per key is in flight; calls made
 * meanwhile share the next one. A call is always answered by a request that was sent after it was made.
 */
export function shareRequests<T>(): (key: string, send: () => Promise<T>) => Promise<T> {
  /** The last request of each key, which collects calls until it is sent. */
  const requests = new Map<string, { answer: Promise<T>; isSent: boolean }>()

  return (key, send) => {
    // Checked at each call, because Next.js replaces `fetch` after it has loaded a page's modules.
    if (!mayShare()) return send()
    const last = requests.get(key)
    if (last && !last.isSent) return last.answer

    async function sendAfterLast() {
      await last?.answer.catch(() => {})
      request.isSent = true
      try {
        return await send()
      } finally {
        if (requests.get(key) === request) requests.delete(key)
      }
    }
    const request = { isSent: false, answer: sendAfterLast() }
    requests.set(key, request)
    return request.answer
  }
}
