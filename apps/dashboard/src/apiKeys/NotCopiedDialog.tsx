import { useRef } from "react"
import { Button } from "../components/Button.tsx"
import { Modal, ModalActions } from "../components/Modal.tsx"

interface Props {
  isOpen: boolean
  onBack: () => void
  onClose: () => void
}

/** Asks for confirmation before a key that was not copied is discarded. */
export function NotCopiedDialog({ isOpen, onBack, onClose }: Props) {
  const back = useRef<HTMLButtonElement>(null)
  return (
    <Modal
      kind="alert"
      initialFocus={back}
      isOpen={isOpen}
      onClose={onBack}
      title="Close without copying the key?"
      description="You won’t be able to see it again. A lost key can only be revoked and replaced."
    >
      <ModalActions>
        <Button onClick={onClose}>Close anyway</Button>
        <Button ref={back} kind="primary" onClick={onBack}>
          Back to the key
        </Button>
      </ModalActions>
    </Modal>
  )
}
