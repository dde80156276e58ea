import type { ListedUser, ResetLink } from "@latchkey/sdk"
import { useState } from "react"
import { Button } from "../../components/Button.tsx"
import { Modal, ModalActions } from "../../components/Modal.tsx"
import { useSaveGuard } from "../../components/useSaveGuard.tsx"
import { settings } from "../../settings.ts"
import { CreatedResetLink } from "./CreatedResetLink.tsx"
import { CreateResetLink } from "./CreateResetLink.tsx"
import { nameOf } from "./nameOf.ts"
import { RemoveSecondFactor } from "./RemoveSecondFactor.tsx"

interface Props {
  user: ListedUser
  isOpen: boolean
  onClose: () => void
}

/** Whether administrators can help a user to sign in. Other administrators can be helped only from the command line. */
export const canHelpToSignIn = ({ email, role, disabledAt, hasSecondFactor }: ListedUser) =>
  settings.signIn === "password" &&
  email !== null &&
  role !== "admin" &&
  (disabledAt === null || hasSecondFactor)

/** Helps a user who has lost the password or the second factor. Only this dialog's state holds the link. */
export function SignInHelpDialog({ user, isOpen, onClose }: Props) {
  const [step, setStep] = useState<"choose" | "link" | "secondFactor">("choose")
  const [link, setLink] = useState<ResetLink>()
  const { title, description } = TEXTS[link ? "made" : step]
  const guard = useSaveGuard({
    isShown: link !== undefined,
    onClose,
    title: "Close without copying the link?",
    description: "You can’t see it again. Another link would replace it.",
    back: "Back to the link",
  })

  return (
    <>
      <Modal
        kind="alert"
        isOpen={isOpen}
        onClose={guard.close}
        onClosed={() => {
          setStep("choose")
          setLink(undefined)
          guard.reset()
        }}
        title={title(nameOf(user))}
        description={description}
      >
        {link ? (
          <CreatedResetLink link={link} onCopied={guard.onSaved} onClose={guard.close} />
        ) : step === "link" ? (
          <CreateResetLink
            user={user}
            show={async (request) => setLink(await guard.waitFor(request))}
            onCancel={guard.close}
          />
        ) : step === "secondFactor" ? (
          <RemoveSecondFactor user={user} onClose={onClose} />
        ) : (
          <>
            <div className="grid gap-2">
              {user.disabledAt === null && (
                <Button onClick={() => setStep("link")}>Create a link to set the password</Button>
              )}
              {user.hasSecondFactor && (
                <Button onClick={() => setStep("secondFactor")}>Remove the second factor</Button>
              )}
            </div>
            <ModalActions>
              <Button kind="quiet" onClick={onClose}>
                Cancel
              </Button>
            </ModalActions>
          </>
        )}
      </Modal>
      {guard.question}
    </>
  )
}

const TEXTS = {
  choose: {
    title: (name: string) => `Help ${name} to sign in`,
    description:
      "For users who have forgotten their password or lost their second factor. Make sure that the request really comes from them.",
  },
  link: {
    title: (name: string) => `Create a link to set the password of ${name}?`,
    description:
      "It works once, within an hour, and replaces earlier links. Until it is used, the old password keeps working. A second factor stays enabled.",
  },
  made: {
    title: (name: string) => `The link for ${name}`,
    description:
      "Copy it now: you can’t see it again. Anyone who has it can set the password, so send it in a way that only they can read.",
  },
  secondFactor: {
    title: (name: string) => `Remove the second factor of ${name}?`,
    description:
      "For users who have lost both the app and the recovery codes. They are signed out everywhere. After that, they sign in with their password alone.",
  },
}
