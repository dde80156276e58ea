import { Button } from "../Button.tsx"

interface Props {
  /** The kind of items, such as "keys". */
  items: string
  page: number
  hasNext: boolean
  onPrevious: () => void
  onNext: () => void
}

export function Pager({ items, page, hasNext, onPrevious, onNext }: Props) {
  if (page === 1 && !hasNext) return null
  return (
    <nav aria-label={`Pages of ${items}`} className="mt-4 flex items-center justify-between gap-3">
      <p role="status" className="text-sm text-muted">
        Page {page}
      </p>
      <div className="flex gap-2">
        <Button size="small" disabled={page === 1} onClick={onPrevious}>
          Previous
        </Button>
        <Button size="small" disabled={!hasNext} onClick={onNext}>
          Next
        </Button>
      </div>
    </nav>
  )
}
