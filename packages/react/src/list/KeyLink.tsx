import type { MouseEvent, ReactNode } from "react"
import { useApp } from "../app.ts"

/** Opens the page of a key, or the list for null. A link if the page has URLs for them. */
export function KeyLink({ apiKeyId, children }: { apiKeyId: string | null; children: ReactNode }) {
  const { go, hrefOf } = useApp()
  if (!hrefOf) {
    return (
      <button type="button" data-part="link" data-key-id={apiKeyId} onClick={() => go({ apiKeyId })}>
        {children}
      </button>
    )
  }
  function follow(event: MouseEvent) {
    // The browser itself opens other tabs and windows.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    go({ apiKeyId })
  }
  return (
    <a data-part="link" data-key-id={apiKeyId} href={hrefOf(apiKeyId)} onClick={follow}>
      {children}
    </a>
  )
}
