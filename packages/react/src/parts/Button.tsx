import { type ButtonHTMLAttributes, forwardRef } from "react"

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className" | "style"> {
  kind?: "primary" | "secondary" | "danger" | "quiet" | "icon"
  size?: "small" | "normal"
  /** What the button opens, if several buttons open the same thing. */
  "data-opens"?: string
  /** Shows a spinner and ignores clicks, but keeps the focus, which disabling would lose. */
  isBusy?: boolean
}

export const Button = forwardRef<HTMLButtonElement, Props>(function Button(
  { kind = "secondary", size = "normal", isBusy = false, type = "button", onClick, children, ...rest },
  ref,
) {
  return (
    <button
      data-part="button"
      data-kind={kind}
      data-size={size}
      {...rest}
      ref={ref}
      type={type}
      {...(isBusy && { "aria-disabled": true })}
      aria-busy={isBusy || undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {isBusy && <span aria-hidden="true" data-part="spinner" />}
      {children}
    </button>
  )
})
