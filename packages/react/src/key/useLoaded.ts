import { useEffect, useRef, useState } from "react"

/** The loaded value, or the reason why loading failed. Neither while it is loading for the first time. */
export interface Loaded<T> {
  data: T | undefined
  error: unknown
}

/** Loads something when the component appears, and again when the key changes. */
export function useLoaded<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ data: undefined, error: undefined })
  const latest = useRef(load)
  useEffect(() => {
    latest.current = load
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is loaded.
  useEffect(() => {
    let isCurrent = true
    latest.current().then(
      (data) => isCurrent && setLoaded({ data, error: undefined }),
      (error: unknown) => isCurrent && setLoaded({ data: undefined, error }),
    )
    return () => {
      isCurrent = false
    }
  }, [key])
  return loaded
}
