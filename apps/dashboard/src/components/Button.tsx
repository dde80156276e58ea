import type { ComponentProps } from "react"

const KINDS = {
  primary: "bg-fill text-on-fill hover:bg-fill-strong",
  secondary: "border border-line bg-surface text-ink hover:bg-sunken",
  danger: "bg-danger text-on-danger hover:bg-danger-strong",
  quiet: "text-muted hover:bg-sunken hover:text-ink",
  quietDanger: "text-danger hover:bg-danger-soft",
} as const

const SIZES = { small: "h-8 px-2.5 text-sm", normal: "h-10 px-4" } as const

export interface ButtonStyle {
  kind?: keyof typeof KINDS
  size?: keyof typeof SIZES
}

/** The style of a button, for links that look like one. */
export const buttonClass = ({ kind = "secondary", size = "normal" }: ButtonStyle = {}) =>
  `inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors select-none disabled:cursor-default disabled:opacity-60 aria-disabled:opacity-60 ${KINDS[kind]} ${SIZES[size]}`

interface Props extends ButtonStyle, Omit<ComponentProps<"button">, "className"> {
  /** Shows a spinner and ignores clicks, but keeps the focus, which disabling would lose. */
  isBusy?: boolean
}

export function Button({ kind, size, isBusy = false, type = "button", onClick, children, ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={buttonClass({ ...(kind && { kind }), ...(size && { size }) })}
      aria-disabled={isBusy || rest["aria-disabled"]}
      aria-busy={isBusy || undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {isBusy && <Spinner />}
      {children}
    </button>
  )
}

function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="size-3.5 animate-spin rounded-full border-2 border-current border-r-transparent motion-reduce:hidden"
    />
  )
}
