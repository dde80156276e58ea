import { type ReactNode, useEffect, useRef } from "react"
import { Button } from "../Button.tsx"
import { ModalActions } from "../Modal.tsx"
import { FormError } from "./FormError.tsx"
import type { FormFrame } from "./useForm.ts"

interface Props {
  form: FormFrame
  /** The label of the submit button. */
  button: string
  isDangerous?: boolean
  /** The response contains something that is shown only once, so the form can't be canceled after it has been sent. */
  returnsSecret?: boolean
  /** The button to focus when the form appears. */
  focused?: "cancel" | "submit"
  onCancel: () => void
  /** The fields. */
  children?: ReactNode
}

/** The form of a dialog. */
export function ModalForm({
  form,
  button,
  isDangerous = false,
  returnsSecret = false,
  focused,
  onCancel,
  children,
}: Props) {
  const buttons = { cancel: useRef<HTMLButtonElement>(null), submit: useRef<HTMLButtonElement>(null) }
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs only when the form appears.
  useEffect(() => {
    if (focused) buttons[focused].current?.focus()
  }, [])
  return (
    <form {...form.props}>
      <div className="grid gap-4">
        {children}
        <FormError error={form.error} />
      </div>
      <ModalActions>
        <Button
          ref={buttons.cancel}
          onClick={onCancel}
          aria-disabled={(returnsSecret && form.isBusy) || undefined}
        >
          Cancel
        </Button>
        <Button
          ref={buttons.submit}
          type="submit"
          kind={isDangerous ? "danger" : "primary"}
          isBusy={form.isBusy}
        >
          {button}
        </Button>
      </ModalActions>
    </form>
  )
}
