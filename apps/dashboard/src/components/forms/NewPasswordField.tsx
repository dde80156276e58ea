import type { ComponentProps } from "react"
import { PasswordField } from "./PasswordField.tsx"

/** A field for choosing a password, with a hint about the rule. */
export const NewPasswordField = (
  props: Omit<ComponentProps<typeof PasswordField>, "autoComplete" | "hint">,
) => (
  <PasswordField
    {...props}
    autoComplete="new-password"
    required
    hint="At least 12 characters. A few random words work well."
  />
)
