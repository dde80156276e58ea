import type { ReactNode } from "react"
import { useLanguage } from "../strings/context.ts"
import { Button } from "./Button.tsx"
import { DialogActions } from "./Dialog.tsx"
import { ErrorMessage } from "./ErrorMessage.tsx"
import { isAboutFields } from "./fieldErrors.ts"
import type { useSubmit } from "./useSubmit.ts"

interface Props {
  form: ReturnType<typeof useSubmit>
  /** The fields that show their own errors. */
  fields?: readonly string[]
  /** The label of the submit button. */
  button: string
  onCancel: () => void
  children: ReactNode
}

/** The form of a dialog: its fields, an error that concerns none of them, and its buttons. */
export function DialogForm({ form, fields = [], button, onCancel, children }: Props) {
  const { strings } = useLanguage()
  return (
    <form {...form.props}>
      {children}
      <ErrorMessage error={isAboutFields(form.error, fields) ? null : form.error} />
      <DialogActions>
        <Button onClick={onCancel}>{strings.cancel}</Button>
        <Button type="submit" kind="primary" isBusy={form.isBusy}>
          {button}
        </Button>
      </DialogActions>
    </form>
  )
}
