import { type ComponentProps, type ReactNode, useId } from "react"

interface Props extends Omit<ComponentProps<"input">, "className" | "id"> {
  label: string
  hint?: ReactNode
  error?: string | undefined
  /** Placed inside the input, at its end. */
  end?: ReactNode
}

/** An input with its label, hint and error. */
export function TextField({ label, hint, error, end, ...input }: Props) {
  const id = useId()
  // An error includes the information of the hint.
  const described = error ? `${id}-error` : hint ? `${id}-hint` : undefined
  return (
    <div className="grid grid-cols-1 gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          {...input}
          id={id}
          aria-describedby={described}
          aria-invalid={error ? true : undefined}
          className={`h-10 w-full rounded-lg border bg-surface px-3 text-base text-ink placeholder:text-muted sm:text-[0.9375rem] ${end ? "pr-18" : ""} ${error ? "border-danger" : "border-control"}`}
        />
        {end && <div className="absolute inset-y-0 right-1 flex items-center">{end}</div>}
      </div>
      {hint && !error && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="text-sm text-danger">
          {error}
        </p>
      )}
    </div>
  )
}
