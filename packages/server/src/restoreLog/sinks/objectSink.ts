import { withTimeout } from "../withTimeout.ts"
import { linesOf } from "./lines.ts"
import { type LogSink, ObjectGone } from "./logSink.ts"
import { isObjectName, newName } from "./objectName.ts"
import type { ObjectStore } from "./objectStore.ts"

/** How many objects of one process are replaced by one. */
const PIECES = 64

/** How long a process waits for the last merge before it ends. Without it, the log is still complete. */
const CLOSING_MS = 2_000

/** Objects from this size on are not merged again. */
const MAX_MERGED_BYTES = 1024 * 1024

/**
 * Keeps a log in a store that can't append. Each append is an object of its own, which never changes, so a request that arrives
 * late or twice does no harm. In the background, the process replaces its small objects by larger ones.
 */
export function createObjectSink(store: ObjectStore): LogSink {
  let pieces: { name: string; text: string }[] = []
  let merging: Promise<void> | undefined

  async function put(text: string) {
    const name = newName(new Date())
    await store.put(name, text)
    return { name, text }
  }

  /** The small objects are removed only once the large one is stored. If the store fails, they stay. */
  async function merge() {
    const merged = pieces
    pieces = []
    const whole = await put(merged.map(({ text }) => text).join(""))
    for (const { name } of merged) await store.remove(name)
    if (whole.text.length < MAX_MERGED_BYTES) pieces.push(whole)
  }

  function mergeInBackground() {
    merging ??= merge()
      .catch(() => {})
      .finally(() => {
        merging = undefined
      })
    return merging
  }

  return {
    place: store.place,
    async append(text) {
      pieces.push(await put(text))
      if (pieces.length > PIECES) void mergeInBackground()
    },
    list: async () => (await store.list()).filter(isObjectName).sort(),
    async *read(name) {
      try {
        yield* linesOf(store.read(name))
      } catch (error) {
        if ((await store.list()).includes(name)) throw error
        throw new ObjectGone(name, { cause: error })
      }
    },
    put: store.put,
    remove: store.remove,
    async close() {
      const last = (merging ?? Promise.resolve()).then(() =>
        pieces.length > 1 ? mergeInBackground() : undefined,
      )
      await withTimeout(last, CLOSING_MS, () => new Error("too late")).catch(() => {})
    },
  }
}
