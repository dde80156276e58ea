import { useId } from "react"
import { Icon } from "../Icon.tsx"

interface Props<Status extends string> {
  /** Describes the search for screen readers. */
  label: string
  placeholder?: string
  statuses: readonly { status: Status; label: string }[]
  filter: { status: Status; search: string }
  onChange: (filter: { status: Status; search: string }) => void
  maxLength: number
}

/** Filters a list by search text and status. */
export function ListFilter<Status extends string>({
  label,
  placeholder = label,
  statuses,
  filter,
  onChange,
  maxLength,
}: Props<Status>) {
  const name = useId()
  return (
    <search className="flex flex-wrap items-center gap-3">
      <label className="relative min-w-48 flex-1 sm:max-w-xs">
        <span className="sr-only">{label}</span>
        <Icon name="search" className="absolute top-3 left-3 size-4 text-muted" />
        <input
          type="search"
          value={filter.search}
          onChange={(event) => onChange({ ...filter, search: event.target.value })}
          placeholder={placeholder}
          maxLength={maxLength}
          autoComplete="off"
          className="h-10 w-full rounded-lg border border-control bg-surface pr-3 pl-9 text-base placeholder:text-muted sm:text-[0.9375rem]"
        />
      </label>
      <fieldset className="flex h-10 rounded-lg border border-line bg-sunken p-0.5">
        <legend className="sr-only">Show</legend>
        {statuses.map(({ status, label }) => (
          <label
            key={status}
            className="relative grid cursor-pointer place-items-center rounded-md px-3 text-sm font-medium text-muted has-checked:bg-raised has-checked:text-ink has-checked:shadow-xs has-checked:ring-1 has-checked:ring-control has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              checked={status === filter.status}
              onChange={() => onChange({ ...filter, status })}
              className="absolute inset-0 cursor-pointer appearance-none rounded-md outline-none"
            />
            {label}
          </label>
        ))}
      </fieldset>
    </search>
  )
}
