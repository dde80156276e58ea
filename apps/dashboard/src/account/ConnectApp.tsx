import type { RecoveryCodes, TotpSetup } from "@latchkey/sdk"
import { useQueryClient } from "@tanstack/react-query"
import { CopyButton } from "../components/CopyButton.tsx"
import { CODE_LABELS, CodeField, readCode } from "../components/forms/CodeField.tsx"
import { ModalForm } from "../components/forms/ModalForm.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { asUser } from "../session/session.ts"
import { QrCode } from "./QrCode.tsx"

interface Props {
  setup: TotpSetup
  /** Shows the codes in the response to a request. */
  show: (request: Promise<RecoveryCodes>) => Promise<void>
  onCancel: () => void
}

/** Shows the secret for an authenticator app, and completes the setup with the first code from the app. */
export function ConnectApp({ setup: { secret, uri }, show, onCancel }: Props) {
  const queries = useQueryClient()
  const form = useForm(CODE_LABELS, async (values, refuse) => {
    const { code, problems } = readCode(values)
    if (!code?.totp) return refuse({ ...problems })
    await show(asUser(({ secondFactor }) => secondFactor.confirm({ totp: code.totp })))
    void queries.invalidateQueries({ queryKey: ["account"] })
    void queries.invalidateQueries({ queryKey: ["sessions"] })
  })
  return (
    <ModalForm form={form} button="Turn on" returnsSecret onCancel={onCancel}>
      <p>
        Scan this code with the app. On the phone that has the app,{" "}
        <a
          href={uri}
          className="rounded font-medium text-accent underline underline-offset-4 hover:text-accent-strong"
        >
          open the app
        </a>{" "}
        instead, or type the secret into it.
      </p>
      <QrCode text={uri} label="QR code with the secret" />
      <div>
        <p className="text-sm font-medium">Secret</p>
        <div className="mt-1.5 flex flex-wrap items-center gap-2">
          <code className="rounded-lg bg-sunken px-2 py-1 text-sm wrap-anywhere">
            {secret.replaceAll(/(.{4})(?=.)/g, "$1 ")}
          </code>
          <CopyButton text={secret} name="the secret" />
        </div>
      </div>
      <CodeField form={form} methods={["totp"]} isFirst />
    </ModalForm>
  )
}
