import type { CreatedApiKey } from "@latchkey/sdk"
import { useQueryClient } from "@tanstack/react-query"
import { useRef, useState } from "react"
import { Modal } from "../components/Modal.tsx"
import { CreatedKey } from "./CreatedKey.tsx"
import { CreateKeyForm } from "./CreateKeyForm.tsx"
import { NotCopiedDialog } from "./NotCopiedDialog.tsx"

interface Props {
  isOpen: boolean
  onClose: () => void
  finalFocus: () => HTMLElement | true
}

/** A label, then the key, once. The key is here and nowhere else, and gone when the dialog is. */
export function CreateKeyDialog({ isOpen, onClose, finalFocus }: Props) {
  const queries = useQueryClient()
  const [created, setCreated] = useState<CreatedApiKey>()
  const [isCopied, setCopied] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const label = useRef<HTMLInputElement>(null)

  function close() {
    setAsking(false)
    onClose()
  }

  return (
    <Modal
      isOpen={isOpen}
      onClose={() => (created && !isCopied ? setAsking(true) : close())}
      onClosed={() => {
        setCreated(undefined)
        setCopied(false)
      }}
      initialFocus={label}
      finalFocus={finalFocus}
      title={created ? `“${created.label}” is ready` : "Create key"}
      description={
        created ? undefined : "Name it after what will use it, so that you know later which one to revoke."
      }
    >
      {created ? (
        <CreatedKey
          apiKey={created}
          onCopied={() => setCopied(true)}
          onDone={() => (isCopied ? close() : setAsking(true))}
        />
      ) : (
        <CreateKeyForm
          inputRef={label}
          onCancel={close}
          onCreated={(apiKey) => {
            setCreated(apiKey)
            void queries.invalidateQueries({ queryKey: ["apiKeys"] })
          }}
        />
      )}
      <NotCopiedDialog isOpen={isAsking} onBack={() => setAsking(false)} onClose={close} />
    </Modal>
  )
}
