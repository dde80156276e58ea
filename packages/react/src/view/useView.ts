import { useState } from "react"
import { type ApiKeysView, INITIAL_VIEW } from "./view.ts"

export interface ViewOptions {
  /** The current view. Without it, the component keeps its own. */
  view?: ApiKeysView | undefined
  /** The first view, if the component keeps its own. */
  defaultView?: Partial<ApiKeysView> | undefined
  /** Called when the user opens another view. With `replace`, it should not add an entry to the history. */
  onViewChange?: ((view: ApiKeysView, options: { replace: boolean }) => void) | undefined
  /** Returns the URL of a key's page, or of the list for null. Keys become links, which can be opened in other tabs. */
  hrefOf?: ((apiKeyId: string | null) => string) | undefined
}

/** The view that the page controls, or one of the component's own. */
export function useView({ view: chosen, defaultView, onViewChange }: ViewOptions): {
  view: ApiKeysView
  go(change: Partial<ApiKeysView>, options?: { replace?: boolean }): void
} {
  const [own, setOwn] = useState<ApiKeysView>({ ...INITIAL_VIEW, ...defaultView })
  const view = chosen ?? own
  return {
    view,
    go(change: Partial<ApiKeysView>, { replace = false } = {}) {
      const next = { ...view, ...change }
      if (!chosen) setOwn(next)
      onViewChange?.(next, { replace })
    },
  }
}
