import { useQueryClient } from "@tanstack/react-query"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { NewPasswordField } from "../components/forms/NewPasswordField.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { Panel } from "../components/Panel.tsx"
import { asUser } from "../session/session.ts"
import { newPasswordProblem } from "../signIn/newPasswordProblem.ts"
import { toastSuccess } from "../toasts.ts"
import { CURRENT_PASSWORD_LABEL, CurrentPasswordField, readCurrentPassword } from "./CurrentPasswordField.tsx"

const LABELS = { ...CURRENT_PASSWORD_LABEL, newPassword: "New password" } as const

/** @param props.email lets password managers store the new password for this account. */
export function ChangePassword({ email }: { email: string }) {
  const queries = useQueryClient()
  const form = useForm(LABELS, async (values, refuse) => {
    const current = readCurrentPassword(values)
    const newPassword = String(values.get("newPassword"))
    const problem = newPasswordProblem(newPassword)
    if (current.problems || problem) {
      return refuse({ ...current.problems, ...(problem && { newPassword: problem }) })
    }
    await asUser(({ auth }) => auth.changePassword({ currentPassword: current.currentPassword, newPassword }))
    form.props.ref.current?.reset()
    toastSuccess("Your password was changed. You are signed out everywhere else.")
    void queries.invalidateQueries({ queryKey: ["sessions"] })
  })
  return (
    <Panel title="Password" description="Changing it signs you out everywhere else.">
      <form {...form.props} className="grid max-w-sm gap-4">
        <CurrentPasswordField email={email} {...form.field("currentPassword")} />
        <NewPasswordField {...form.field("newPassword")} />
        <FormError error={form.error} />
        <div>
          <Button type="submit" isBusy={form.isBusy}>
            Change password
          </Button>
        </div>
      </form>
    </Panel>
  )
}
