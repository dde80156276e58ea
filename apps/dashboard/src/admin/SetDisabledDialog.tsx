import type { ListedUser } from "@latchkey/sdk"
import { useRef } from "react"
import { Button } from "../components/Button.tsx"
import { Modal, ModalActions } from "../components/Modal.tsx"
import { nameOf } from "./nameOf.ts"

interface Props {
  user: ListedUser
  isOpen: boolean
  onClose: () => void
  onConfirm: () => void
  finalFocus: () => HTMLElement | true
}

/** Asks for confirmation before it disables or enables a user. */
export function SetDisabledDialog({ user, isOpen, onClose, onConfirm, finalFocus }: Props) {
  const cancel = useRef<HTMLButtonElement>(null)
  const texts = user.disabledAt
    ? {
        title: `Enable ${nameOf(user)}?`,
        description: "They will be able to sign in again, and their active keys will work again.",
        button: "Enable user",
      }
    : {
        title: `Disable ${nameOf(user)}?`,
        description:
          "They will be signed out everywhere and unable to sign in, and calls with their keys will be rejected. Enabling them later restores access, but they have to sign in again.",
        button: "Disable user",
      }
  return (
    <Modal
      kind="alert"
      isOpen={isOpen}
      onClose={onClose}
      initialFocus={cancel}
      finalFocus={finalFocus}
      title={texts.title}
      description={texts.description}
    >
      <ModalActions>
        <Button ref={cancel} onClick={onClose}>
          Cancel
        </Button>
        <Button kind={user.disabledAt ? "primary" : "danger"} onClick={onConfirm}>
          {texts.button}
        </Button>
      </ModalActions>
    </Modal>
  )
}
