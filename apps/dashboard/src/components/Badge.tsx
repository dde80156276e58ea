import type { ReactNode } from "react"

const KINDS = {
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  off: "bg-sunken text-muted",
} as const

export function Badge({ kind, children }: { kind: keyof typeof KINDS; children: ReactNode }) {
  return (
    <span
      className={`inline-flex h-6 items-center rounded-full px-2.5 text-xs font-medium whitespace-nowrap ${KINDS[kind]}`}
    >
      {children}
    </span>
  )
}
