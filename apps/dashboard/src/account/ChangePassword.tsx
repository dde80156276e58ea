import type { PasswordChange } from "@latchkey/sdk"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { type FormEvent, useRef, useState } from "react"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { PasswordField } from "../components/forms/PasswordField.tsx"
import { Panel } from "../components/Panel.tsx"
import { explainField, isAboutFields } from "../explain.ts"
import { focusFirstInvalid } from "../focusFirstInvalid.ts"
import { newPasswordProblem } from "../newPasswordProblem.ts"
import { asUser } from "../session/session.ts"
import { toastSuccess } from "../toasts.ts"

/** @param props.email lets password managers store the new password for this account. */
export function ChangePassword({ email }: { email: string }) {
  const queries = useQueryClient()
  const form = useRef<HTMLFormElement>(null)
  const [problems, setProblems] = useState<Partial<PasswordChange>>({})
  const change = useMutation({
    mutationFn: (input: PasswordChange) => asUser((latchkey) => latchkey.auth.changePassword(input)),
    onSuccess() {
      form.current?.reset()
      toastSuccess("Your password was changed. You are signed out everywhere else.")
      void queries.invalidateQueries({ queryKey: ["sessions"] })
    },
    onError: () => focusFirstInvalid(form.current),
  })

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (change.isPending) return
    const fields = new FormData(event.currentTarget)
    const currentPassword = String(fields.get("currentPassword"))
    const newPassword = String(fields.get("newPassword"))
    const newProblem = newPasswordProblem(newPassword)
    const found = {
      ...(currentPassword === "" && { currentPassword: "Enter your current password." }),
      ...(newProblem && { newPassword: newProblem }),
    }
    setProblems(found)
    change.reset()
    if (Object.keys(found).length > 0) focusFirstInvalid(form.current)
    else change.mutate({ currentPassword, newPassword })
  }

  const errorOf = (field: keyof PasswordChange, label: string) =>
    problems[field] ?? explainField(change.error, field, label)

  return (
    <Panel title="Password" description="Changing it signs you out everywhere else.">
      <form ref={form} method="post" noValidate onSubmit={submit} className="grid max-w-sm gap-4">
        <input name="username" autoComplete="username" value={email} readOnly className="hidden" />
        <PasswordField
          label="Current password"
          name="currentPassword"
          autoComplete="current-password"
          required
          error={errorOf("currentPassword", "Current password")}
        />
        <PasswordField
          label="New password"
          name="newPassword"
          autoComplete="new-password"
          required
          hint="At least 12 characters. A few random words work well."
          error={errorOf("newPassword", "New password")}
        />
        <FormError
          error={isAboutFields(change.error, ["currentPassword", "newPassword"]) ? null : change.error}
        />
        <div>
          <Button type="submit" isBusy={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Panel>
  )
}
