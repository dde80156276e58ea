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

/** Asks for a label, then shows the new key. Only this dialog's state holds the key, and closing it discards the key. */
export function CreateKeyDialog({ isOpen, onClose, finalFocus }: Props) {
  const queries = useQueryClient()
  const [created, setCreated] = useState<CreatedApiKey>()
  const [isCopied, setCopied] = useState(false)
  const [isConfirming, setConfirming] = useState(false)
  const label = useRef<HTMLInputElement>(null)

  function close() {
    setConfirming(false)
    onClose()
  }

  return (
    <Modal
      isOpen={isOpen}
      onClose={() => (created && !isCopied ? setConfirming(true) : close())}
      onClosed={() => {
        setCreated(undefined)
        setCopied(false)
      }}
      initialFocus={label}
      finalFocus={finalFocus}
      title={created ? `“${created.label}” is ready` : "Create key"}
      description={
        created
          ? undefined
          : "Name it after the program that will use it, so that you can tell your keys apart."
      }
    >
      {created ? (
        <CreatedKey
          apiKey={created}
          onCopied={() => setCopied(true)}
          onDone={() => (isCopied ? close() : setConfirming(true))}
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
      <NotCopiedDialog isOpen={isConfirming} onBack={() => setConfirming(false)} onClose={close} />
    </Modal>
  )
}
