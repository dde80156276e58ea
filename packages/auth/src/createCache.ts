import { LRUCache } from "lru-cache"

/**
 * An LRU cache of at most `maxEntries`, which takes memory for what it holds. With lru-cache's own `max`, it would be
 * allocated at once: for all caches of a process about 30 ms and 8 MB.
 */
export const createCache = <Value extends object | true>(
  maxEntries: number,
  options: LRUCache.OptionsBase<string, Value, unknown> = {},
) => new LRUCache<string, Value>({ ...options, maxSize: maxEntries, sizeCalculation: () => 1 })
