import type { CurrentPassword, SecondFactorCode } from "@latchkey/sdk"
import { CODE_LABELS, CodeField, readCode } from "../components/forms/CodeField.tsx"
import { ModalForm } from "../components/forms/ModalForm.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { CURRENT_PASSWORD_LABEL, CurrentPasswordField, readCurrentPassword } from "./CurrentPasswordField.tsx"

interface Props<Result> {
  email: string
  button: string
  isDangerous?: boolean
  returnsSecret?: boolean
  act: (proof: CurrentPassword & SecondFactorCode) => Promise<Result>
  onDone: (result: Result) => void
  onCancel: () => void
}

/** A form that changes the second factor once the user has entered the password and a code. */
export function ConfirmedForm<Result>({ email, act, onDone, ...frame }: Props<Result>) {
  const form = useForm({ ...CURRENT_PASSWORD_LABEL, ...CODE_LABELS }, async (values, refuse) => {
    const password = readCurrentPassword(values)
    const { code, problems } = readCode(values)
    if (password.problems || !code) return refuse({ ...password.problems, ...problems })
    onDone(await act({ currentPassword: password.currentPassword, ...code }))
  })
  return (
    <ModalForm form={form} {...frame}>
      <CurrentPasswordField email={email} {...form.field("currentPassword")} />
      <CodeField form={form} />
    </ModalForm>
  )
}
