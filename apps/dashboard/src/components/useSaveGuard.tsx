import { useWarningBeforeUnload } from "@latchkey/react/internal"
import { useRef, useState } from "react"
import { Button } from "./Button.tsx"
import { Modal, ModalActions } from "./Modal.tsx"

interface Props {
  /** Whether something is shown that can't be seen again. */
  isShown: boolean
  onClose: () => void
  title: string
  description: string
  /** The label of the button that leads back, such as "Back to the codes". */
  back: string
}

/**
 * Guards a dialog that shows something only once: the dialog closes only after the user has saved that, or has
 * confirmed that saving is not necessary.
 */
export function useSaveGuard({ isShown, onClose, title, description, back }: Props) {
  const [isSaved, setSaved] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const [isPending, setPending] = useState(false)
  const backButton = useRef<HTMLButtonElement>(null)
  useWarningBeforeUnload(isPending || (isShown && !isSaved))

  function close() {
    if (isPending) return
    if (isShown && !isSaved) setAsking(true)
    else onClose()
  }

  /** Keeps the dialog open until the response arrives that contains what the dialog will show. */
  async function waitFor<Result>(request: Promise<Result>): Promise<Result> {
    setPending(true)
    try {
      return await request
    } finally {
      setPending(false)
    }
  }

  return {
    onSaved: () => setSaved(true),
    close,
    waitFor,
    /** Prepares for the next time that the dialog opens. */
    reset: () => setSaved(false),
    question: (
      <Modal
        kind="alert"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        initialFocus={backButton}
        title={title}
        description={description}
      >
        <ModalActions>
          <Button
            onClick={() => {
              setAsking(false)
              onClose()
            }}
          >
            Close anyway
          </Button>
          <Button ref={backButton} kind="primary" onClick={() => setAsking(false)}>
            {back}
          </Button>
        </ModalActions>
      </Modal>
    ),
  }
}
