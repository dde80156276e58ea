import { type ReactNode, useRef } from "react"
import { Button } from "./Button.tsx"
import { Modal, ModalActions } from "./Modal.tsx"

interface Props {
  title: string
  description: string
  /** The label of the confirm button. */
  button: string
  isDangerous?: boolean
  isOpen: boolean
  onClose: () => void
  onConfirm: () => void
  finalFocus?: () => HTMLElement | true
  children?: ReactNode
}

/** Asks for confirmation. The focus is on Cancel. */
export function ConfirmDialog({ button, isDangerous = true, onConfirm, children, ...modal }: Props) {
  const cancel = useRef<HTMLButtonElement>(null)
  return (
    <Modal kind="alert" initialFocus={cancel} {...modal}>
      {children}
      <ModalActions>
        <Button ref={cancel} onClick={modal.onClose}>
          Cancel
        </Button>
        <Button kind={isDangerous ? "danger" : "primary"} onClick={onConfirm}>
          {button}
        </Button>
      </ModalActions>
    </Modal>
  )
}
