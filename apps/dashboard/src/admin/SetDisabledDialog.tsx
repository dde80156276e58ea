import type { ListedUser } from "@latchkey/sdk"
import { useRef } from "react"
import { Button } from "../components/Button.tsx"
import { Modal, ModalActions } from "../components/Modal.tsx"

interface Props {
  user: ListedUser
  isOpen: boolean
  onClose: () => void
  onConfirm: () => void
  finalFocus: () => HTMLElement | true
}

/** Names the user and says what will happen, before it does. */
export function SetDisabledDialog({ user, isOpen, onClose, onConfirm, finalFocus }: Props) {
  const cancel = useRef<HTMLButtonElement>(null)
  const words = user.disabledAt
    ? {
        title: `Enable ${user.email}?`,
        description:
          "They can sign in again, and their keys that were not revoked work again from this moment.",
        button: "Enable user",
      }
    : {
        title: `Disable ${user.email}?`,
        description:
          "From this moment they are signed out everywhere, can’t sign in, and every call with one of their keys is rejected. Enabling them again undoes all but the signing out.",
        button: "Disable user",
      }
  return (
    <Modal
      kind="alert"
      isOpen={isOpen}
      onClose={onClose}
      initialFocus={cancel}
      finalFocus={finalFocus}
      title={words.title}
      description={words.description}
    >
      <ModalActions>
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button kind={user.disabledAt ? "primary" : "danger"} onClick={onConfirm}>
          {words.button}
        </Button>
      </ModalActions>
    </Modal>
  )
}
