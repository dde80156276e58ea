import type { ReactNode } from "react"
import { Button } from "../Button.tsx"
import { FormError } from "./FormError.tsx"
import type { FormFrame } from "./useForm.ts"

interface Props {
  form: FormFrame
  /** The label of the submit button. */
  button: string
  /** The fields. */
  children: ReactNode
  /** Below the button. */
  footer?: ReactNode
}

/** The form of a page for users who are not signed in. */
export const CardForm = ({ form, button, children, footer }: Props) => (
  <form {...form.props} className="mt-5 grid gap-4">
    {children}
    <FormError error={form.error} />
    <Button type="submit" kind="primary" isBusy={form.isBusy}>
      {button}
    </Button>
    {footer}
  </form>
)
