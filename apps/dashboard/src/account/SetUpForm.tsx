import type { RecoveryCodes, TotpSetup } from "@latchkey/sdk"
import { useState } from "react"
import { ModalForm } from "../components/forms/ModalForm.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { asUser } from "../session/session.ts"
import { ConnectApp } from "./ConnectApp.tsx"
import { CURRENT_PASSWORD_LABEL, CurrentPasswordField, readCurrentPassword } from "./CurrentPasswordField.tsx"

interface Props {
  email: string
  /** Shows the codes in the response to a request. */
  show: (request: Promise<RecoveryCodes>) => Promise<void>
  onCancel: () => void
}

/** Sets up the second factor: first the password, then the app. */
export function SetUpForm({ email, show, onCancel }: Props) {
  const [setup, setSetup] = useState<TotpSetup>()
  const form = useForm(CURRENT_PASSWORD_LABEL, async (values, refuse) => {
    const { currentPassword, problems } = readCurrentPassword(values)
    if (problems) return refuse(problems)
    setSetup(await asUser(({ secondFactor }) => secondFactor.setUp({ currentPassword })))
  })

  if (setup) return <ConnectApp setup={setup} show={show} onCancel={onCancel} />
  return (
    <ModalForm form={form} button="Continue" onCancel={onCancel}>
      <CurrentPasswordField email={email} {...form.field("currentPassword")} />
    </ModalForm>
  )
}
