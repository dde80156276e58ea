import type { RecoveryCodes as Codes } from "@latchkey/sdk"
import { type ReactNode, useState } from "react"
import { Modal } from "../components/Modal.tsx"
import { useSaveGuard } from "../components/useSaveGuard.tsx"
import { RecoveryCodes } from "./RecoveryCodes.tsx"

interface Props {
  title: string
  description: string
  isOpen: boolean
  onClose: () => void
  finalFocus: () => HTMLElement | true
  /**
   * The form that requests the codes. Only this dialog's state holds them.
   *
   * @param show shows the codes in the response to a request. The dialog stays open until the response arrives.
   */
  children: (show: (request: Promise<Codes>) => Promise<void>, onCancel: () => void) => ReactNode
}

/**
 * A dialog with a form that requests recovery codes, and then shows the codes. It asks for confirmation before the
 * codes are lost.
 */
export function CodesDialog({ title, description, isOpen, onClose, finalFocus, children }: Props) {
  const [codes, setCodes] = useState<readonly string[]>()
  const guard = useSaveGuard({
    isShown: codes !== undefined,
    onClose,
    title: "Close without the codes?",
    description:
      "You have not copied or downloaded the codes, and you can’t see them again. Without them, you will need help to sign in if you lose the app.",
    back: "Back to the codes",
  })
  const show = async (request: Promise<Codes>) => setCodes((await guard.waitFor(request)).recoveryCodes)
  return (
    <>
      <Modal
        kind="alert"
        isOpen={isOpen}
        onClose={guard.close}
        onClosed={() => {
          setCodes(undefined)
          guard.reset()
        }}
        finalFocus={finalFocus}
        title={codes ? "Save your recovery codes" : title}
        description={
          codes
            ? "If you lose the app, you can sign in once with each code. Keep the codes with your passwords: you can’t see them again."
            : description
        }
      >
        {codes ? (
          <RecoveryCodes codes={codes} onSaved={guard.onSaved} onClose={guard.close} />
        ) : (
          children(show, guard.close)
        )}
      </Modal>
      {guard.question}
    </>
  )
}
