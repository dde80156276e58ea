import { useRef, useState } from "react"
import type { KeyStore } from "../keys/createKeyStore.ts"
import type { Notice } from "./Notices.tsx"

interface ShownNotices {
  notices: readonly Notice[]
  /** @param error the reason for a failure. */
  notify(text: string, error?: unknown): void
  dismiss(id: number): void
}

/** The notices about the keys of a store. With another store, the page acts for another owner, who must not see them. */
export function useNotices(store: KeyStore): ShownNotices {
  const [all, setAll] = useState<readonly (Notice & { store: KeyStore })[]>([])
  const lastId = useRef(0)
  return {
    notices: all.filter((notice) => notice.store === store),
    notify(text: string, error?: unknown) {
      const id = ++lastId.current
      setAll((others) => [...others.slice(-2), { id, text, error, store }])
    },
    dismiss: (id: number) => setAll((others) => others.filter((notice) => notice.id !== id)),
  }
}
