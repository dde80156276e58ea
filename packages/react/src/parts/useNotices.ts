import { useRef, useState } from "react"
import type { Notice } from "./Notices.tsx"

interface ShownNotices {
  notices: readonly Notice[]
  /** @param error the reason for a failure. */
  notify(text: string, error?: unknown): void
  dismiss(id: number): void
}

/** The notices about the keys of an owner. Another owner must not see them. */
export function useNotices(owner: symbol): ShownNotices {
  const [all, setAll] = useState<readonly (Notice & { owner: symbol })[]>([])
  const lastId = useRef(0)
  return {
    notices: all.filter((notice) => notice.owner === owner),
    notify(text: string, error?: unknown) {
      const id = ++lastId.current
      setAll((others) => [...others.slice(-2), { id, text, error, owner }])
    },
    dismiss: (id: number) => setAll((others) => others.filter((notice) => notice.id !== id)),
  }
}
