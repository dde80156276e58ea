import type { ComponentProps } from "react"
import { PasswordField } from "../components/forms/PasswordField.tsx"

export const CURRENT_PASSWORD_LABEL = { currentPassword: "Current password" } as const

interface Props extends Omit<ComponentProps<typeof PasswordField>, "autoComplete" | "required"> {
  /** Lets password managers find the account. */
  email: string
}

/** A field for the password that confirms a change of the account. */
export const CurrentPasswordField = ({ email, ...field }: Props) => (
  <>
    <input name="username" autoComplete="username" value={email} readOnly className="hidden" />
    <PasswordField {...field} autoComplete="current-password" required />
  </>
)

type ReadPassword =
  | { currentPassword: string; problems?: undefined }
  | { currentPassword?: undefined; problems: { currentPassword: string } }

/** The password of a form with a `CurrentPasswordField`, or the problem that it is missing. */
export function readCurrentPassword(values: FormData): ReadPassword {
  const currentPassword = String(values.get("currentPassword"))
  if (currentPassword === "") return { problems: { currentPassword: "Enter your current password." } }
  return { currentPassword }
}
