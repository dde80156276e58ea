import { isAboutFields } from "@latchkey/react/internal"
import type { SecondFactorMethod } from "@latchkey/sdk"
import { Button } from "../components/Button.tsx"
import { CardForm } from "../components/forms/CardForm.tsx"
import { CODE_LABELS, CodeField, readCode } from "../components/forms/CodeField.tsx"
import { useForm } from "../components/forms/useForm.ts"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { answerChallenge } from "../session/session.ts"

export interface Challenge {
  challenge: string
  methods: readonly SecondFactorMethod[]
}

interface Props extends Challenge {
  /** Called when the challenge has ended, so that a new sign-in is needed. */
  onEnded: () => void
  onCancel: () => void
}

/** The second step of signing in, with a code from the authenticator app or a recovery code. */
export function SecondFactorForm({ challenge, methods, onEnded, onCancel }: Props) {
  const form = useForm(CODE_LABELS, async (values, refuse) => {
    const { code, problems } = readCode(values)
    if (!code) return refuse(problems)
    try {
      await answerChallenge({ challenge, ...code })
    } catch (error) {
      if (!isAboutFields(error, ["challenge"])) throw error
      onEnded()
    }
  })
  return (
    <>
      <PageHeading title="Confirm that it’s you" />
      <CardForm
        form={form}
        button="Sign in"
        footer={
          <Button kind="quiet" onClick={onCancel}>
            Use another account
          </Button>
        }
      >
        <CodeField form={form} methods={methods} isFirst />
      </CardForm>
    </>
  )
}
