import type { ReactNode } from "react"
import { CopyButton } from "../components/CopyButton.tsx"

interface Props {
  /** The visible name of the code, such as "Response". */
  title: ReactNode
  /** The name for screen readers, such as "the response of Create a key". */
  name: string
  text: string
  isJson?: boolean
}

/** Code that can be copied, and scrolled by keyboard. */
export function CodeBlock({ title, name, text, isJson = false }: Props) {
  return (
    <div className="overflow-hidden rounded-xl border border-line">
      <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b border-line bg-surface px-3 py-1.5 text-sm">
        <div className="min-w-0 font-medium">{title}</div>
        <CopyButton text={text} name={name} />
      </div>
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls by keyboard
        tabIndex={0}
        aria-label={name}
        className="max-h-112 overflow-auto bg-sunken p-3 text-[0.8125rem] leading-relaxed"
      >
        <pre>
          <code className="font-mono">{isJson ? highlight(text) : text}</code>
        </pre>
      </section>
    </div>
  )
}

/** Matches the name of a field, a text, or any other value. */
const TOKENS = /("(?:[^"\\]|\\.)*"(?=:))|("(?:[^"\\]|\\.)*")|\b(true|false|null|-?\d[\d.]*)\b/g

function highlight(json: string): ReactNode[] {
  const parts: ReactNode[] = []
  let end = 0
  for (const { 0: token, 1: field, 2: string, index } of json.matchAll(TOKENS)) {
    const color = field ? "text-accent" : string ? "text-ok" : "text-warn"
    parts.push(
      json.slice(end, index),
      <span key={index} className={color}>
        {token}
      </span>,
    )
    end = index + token.length
  }
  return [...parts, json.slice(end)]
}
