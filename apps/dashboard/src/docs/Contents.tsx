import { useState } from "react"
import { Method } from "./Method.tsx"
import type { Reference } from "./openApi.ts"

const linkClass =
  "flex items-center gap-2 rounded-md px-2 py-1.5 text-sm text-muted hover:bg-sunken hover:text-ink"

/** The contents of the reference, with a filter. */
export function Contents({ chapters }: Pick<Reference, "chapters">) {
  const [filter, setFilter] = useState("")
  const words = filter.trim().toLowerCase().split(/\s+/)
  const found = chapters
    .map(({ name, operations }) => ({
      name,
      operations: operations.filter(({ summary, path, method, operationId }) => {
        const text = `${name} ${summary} ${method} ${path} ${operationId}`.toLowerCase()
        return words.every((word) => text.includes(word))
      }),
    }))
    .filter(({ operations }) => operations.length > 0)
  return (
    <nav aria-label="Contents">
      <label className="block">
        <span className="sr-only">Find an operation</span>
        <input
          type="search"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          placeholder="Find an operation"
          autoComplete="off"
          className="h-10 w-full rounded-lg border border-control bg-surface px-3 text-base placeholder:text-muted sm:text-sm"
        />
      </label>
      {filter === "" && (
        <ul className="mt-4">
          <li>
            <a href="#credentials" className={linkClass}>
              Credentials
            </a>
          </li>
          <li>
            <a href="#errors" className={linkClass}>
              Errors
            </a>
          </li>
        </ul>
      )}
      {found.map(({ name, operations }) => (
        <div key={name} className="mt-4">
          <p className="px-2 text-xs font-semibold tracking-wide text-muted uppercase">{name}</p>
          <ul className="mt-1">
            {operations.map(({ operationId, summary, method }) => (
              <li key={operationId}>
                <a href={`#${operationId}`} className={linkClass}>
                  <span className="min-w-0 flex-1">{summary}</span>
                  <Method>{method}</Method>
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <p role="status" className={found.length === 0 ? "mt-4 px-2 text-sm text-muted" : "sr-only"}>
        {found.length === 0 && "No operation matches."}
      </p>
    </nav>
  )
}
