import type { ListedUser } from "@latchkey/sdk"
import { useRef } from "react"
import { ModalForm } from "../../components/forms/ModalForm.tsx"
import { TextField } from "../../components/forms/TextField.tsx"
import { useForm } from "../../components/forms/useForm.ts"
import { Modal } from "../../components/Modal.tsx"
import { nameOf } from "./nameOf.ts"
import { stoppedKeys } from "./stoppedKeys.ts"
import { useEraseUser } from "./useEraseUser.ts"

interface Props {
  user: ListedUser
  isOpen: boolean
  onClose: () => void
  finalFocus: () => HTMLElement | true
}

/** Erases a user once the administrator has typed their name, because this can't be undone. */
export function EraseUserDialog({ user, isOpen, onClose, finalFocus }: Props) {
  const input = useRef<HTMLInputElement>(null)
  const name = nameOf(user)
  const task = `Type ${name} to confirm`
  const erase = useEraseUser()
  const form = useForm({ name: task }, async (values, refuse) => {
    const typed = String(values.get("name")).trim()
    if (typed.toLowerCase() !== name.toLowerCase()) return refuse({ name: `That is not ${name}.` })
    await erase.mutateAsync(user)
    onClose()
  })

  return (
    <Modal
      kind="alert"
      isOpen={isOpen}
      onClose={onClose}
      initialFocus={input}
      finalFocus={finalFocus}
      title={`Erase ${name}?`}
      description={`${stoppedKeys(user)} Their sessions end, and their personal data and activity are removed. This can’t be undone.${user.email === null ? "" : " Anybody can register the email again."}`}
    >
      <ModalForm form={form} button="Erase user" isDangerous onCancel={onClose}>
        <TextField ref={input} {...form.field("name")} autoComplete="off" />
      </ModalForm>
    </Modal>
  )
}
