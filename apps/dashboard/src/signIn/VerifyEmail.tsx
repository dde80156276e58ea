import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { Outcome } from "../components/shell/Outcome.tsx"
import { PageHeading } from "../components/shell/PageHeading.tsx"
import { asWhoeverIsHere, renewUser } from "../session/session.ts"
import { product } from "../settings.ts"
import { DeadLink } from "./DeadLink.tsx"
import { isDeadLink } from "./ResetPassword.tsx"

/**
 * Verifies an email with a link, after its owner has confirmed it: filters that open links in mails must not verify
 * an email that somebody else has registered.
 */
export function VerifyEmail({ token }: { token: string }) {
  const queries = useQueryClient()
  const verify = useMutation({
    async mutationFn() {
      // An email that makes an administrator is verified only by its own account, signed in.
      await asWhoeverIsHere(({ auth }) => auth.verifyEmail({ token }))
      await renewUser().catch(() => {})
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["account"] }),
  })

  if (isDeadLink(verify.error)) return <DeadLink kind="verify" />
  if (verify.isSuccess) {
    return (
      <Outcome
        title="Your email is verified"
        description="There is nothing else to do."
        href="/"
        button="Continue"
      />
    )
  }
  return (
    <>
      <PageHeading
        title="Verify your email"
        description={`Confirm that you created an account at ${product.name}. If you did not, close this page.`}
      />
      <div className="mt-5 grid gap-4">
        <FormError error={verify.error} />
        <Button kind="primary" isBusy={verify.isPending} onClick={() => verify.mutate()}>
          Verify email
        </Button>
      </div>
    </>
  )
}
