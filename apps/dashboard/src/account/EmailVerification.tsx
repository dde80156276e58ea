import { useMutation } from "@tanstack/react-query"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { Panel } from "../components/Panel.tsx"
import { asUser } from "../session/session.ts"
import { useAccount } from "./useAccount.ts"

/** Offers to send a link that verifies the email, if the server sends mail and the email is not verified. */
export function EmailVerification({ email }: { email: string }) {
  const account = useAccount()
  const request = useMutation({
    mutationFn: () => asUser(({ auth }) => auth.requestEmailVerification()),
  })
  if (!account.data?.canVerifyEmail) return null
  return (
    <Panel
      title="Email"
      description={`You have not verified ${email}. Open the link in the mail that we sent you, or ask for a new one.`}
      action={
        <Button size="small" isBusy={request.isPending} onClick={() => request.mutate()}>
          Send a new link
        </Button>
      }
    >
      <FormError error={request.error} />
      <p role="status" className="text-sm text-muted">
        {request.isSuccess && "A link is on its way. It is valid for a day, and replaces earlier ones."}
      </p>
    </Panel>
  )
}
