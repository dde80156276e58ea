import type { ReactNode } from "react"
import { mayBeDone } from "../client/isAway.ts"
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
  /** The form creates a key: it can't be canceled once it is sent, and the key may exist even if no response came. */
  createsKey?: boolean
  children: ReactNode
}

/** The form of a dialog: its fields, an error that concerns none of them, and its buttons. */
export function DialogForm({ form, fields = [], button, onCancel, createsKey = false, children }: Props) {
  const { strings } = useLanguage()
  return (
    <form {...form.props}>
      {children}
      <ErrorMessage
        error={isAboutFields(form.error, fields) ? null : form.error}
        more={createsKey && mayBeDone(form.error) ? strings.keyMayExist : undefined}
      />
      <DialogActions>
        <Button onClick={onCancel} aria-disabled={(createsKey && form.isBusy) || undefined}>
          {strings.cancel}
        </Button>
        <Button type="submit" kind="primary" isBusy={form.isBusy}>
          {button}
        </Button>
      </DialogActions>
    </form>
  )
}
