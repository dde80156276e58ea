import { useQueryClient } from "@tanstack/react-query"
import { useRef, useState } from "react"
import { Button } from "../components/Button.tsx"
import { FormError } from "../components/forms/FormError.tsx"
import { Modal } from "../components/Modal.tsx"
import { Panel } from "../components/Panel.tsx"
import { Skeleton } from "../components/Skeleton.tsx"
import { asUser } from "../session/session.ts"
import { toastSuccess } from "../toasts.ts"
import { CodesDialog } from "./CodesDialog.tsx"
import { ConfirmedForm } from "./ConfirmedForm.tsx"
import { SecondFactorStatus } from "./SecondFactorStatus.tsx"
import { SetUpForm } from "./SetUpForm.tsx"
import { useAccount } from "./useAccount.ts"

/** The second factor of the account: an authenticator app, and recovery codes. */
export function SecondFactor({ email }: { email: string }) {
  const queries = useQueryClient()
  const account = useAccount()
  const heading = useRef<HTMLHeadingElement>(null)
  const [dialog, setDialog] = useState<"setUp" | "renew" | "remove">()
  const isOpenerGone = useRef(false)
  const close = () => setDialog(undefined)
  const dialogProps = {
    onClose: close,
    finalFocus: () => (isOpenerGone.current && heading.current) || true,
  }
  const factor = account.data?.secondFactor
  const open = (next: NonNullable<typeof dialog>) => () => {
    isOpenerGone.current = false
    setDialog(next)
  }
  const refresh = () =>
    Promise.all(["account", "sessions"].map((key) => queries.invalidateQueries({ queryKey: [key] })))

  return (
    <Panel
      headingRef={heading}
      title="Second factor"
      description="After your password, you enter a code from an authenticator app."
      action={
        factor &&
        (factor.enabledAt ? (
          <span className="flex flex-wrap gap-2">
            <Button size="small" onClick={open("renew")}>
              New recovery codes
            </Button>
            <Button size="small" kind="quietDanger" onClick={open("remove")}>
              Turn off
            </Button>
          </span>
        ) : (
          <Button size="small" onClick={open("setUp")}>
            Set up
          </Button>
        ))
      }
    >
      {factor ? (
        <SecondFactorStatus {...factor} />
      ) : account.isError ? (
        <FormError error={account.error} />
      ) : (
        <Skeleton className="h-5 w-48" />
      )}
      <CodesDialog
        {...dialogProps}
        isOpen={dialog === "setUp"}
        title="Set up a second factor"
        description="You need an authenticator app, such as the one in your password manager. Setting it up signs you out everywhere else."
      >
        {(show, onCancel) => (
          <SetUpForm
            email={email}
            show={async (request) => {
              await show(request)
              isOpenerGone.current = true
            }}
            onCancel={onCancel}
          />
        )}
      </CodesDialog>
      <CodesDialog
        {...dialogProps}
        isOpen={dialog === "renew"}
        title="Create new recovery codes"
        description="They replace the earlier ones. You are signed out everywhere else."
      >
        {(show, onCancel) => (
          <ConfirmedForm
            email={email}
            button="Create new codes"
            returnsSecret
            act={(proof) => show(asUser((latchkey) => latchkey.secondFactor.renewRecoveryCodes(proof)))}
            onDone={() => void refresh()}
            onCancel={onCancel}
          />
        )}
      </CodesDialog>
      <Modal
        {...dialogProps}
        kind="alert"
        isOpen={dialog === "remove"}
        title="Turn off the second factor?"
        description={`After that, you sign in with your password alone. You are signed out everywhere else.${factor?.required ? " The admin pages close until you set it up again." : ""}`}
      >
        <ConfirmedForm
          email={email}
          button="Turn off"
          isDangerous
          act={(proof) => asUser((latchkey) => latchkey.secondFactor.remove(proof))}
          onDone={() => {
            isOpenerGone.current = true
            close()
            toastSuccess("The second factor is off.")
            void refresh()
          }}
          onCancel={close}
        />
      </Modal>
    </Panel>
  )
}
