import { useLanguage } from "../strings/context.ts"

/** A placeholder for the table, with rows of the same height. */
export function TableSkeleton() {
  const { strings } = useLanguage()
  return (
    <div data-part="table-region" aria-busy="true">
      <p data-part="hidden">{strings.loading}</p>
      <div aria-hidden="true" data-part="skeleton">
        {["first", "second", "third"].map((row) => (
          <div key={row} data-part="skeleton-row">
            <span data-part="skeleton-text" data-width="long" />
            <span data-part="skeleton-text" />
          </div>
        ))}
      </div>
    </div>
  )
}
