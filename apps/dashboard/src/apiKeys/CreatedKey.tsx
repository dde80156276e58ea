import type { CreatedApiKey } from "@latchkey/sdk"
import { type RefObject, useEffect, useRef } from "react"
import { apiUrl } from "../apiUrl.ts"
import { Button } from "../components/Button.tsx"
import { CopyButton } from "../components/CopyButton.tsx"
import { Icon } from "../components/Icon.tsx"
import { ModalActions } from "../components/Modal.tsx"

interface Props {
  apiKey: CreatedApiKey
  onCopied: () => void
  onDone: () => void
}

/** Shows a new key, with examples of its use. */
export function CreatedKey({ apiKey: { key }, onCopied, onDone }: Props) {
  const copyButton = useRef<HTMLButtonElement>(null)
  useEffect(() => copyButton.current?.focus(), [])

  return (
    <>
      <p className="flex gap-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
        <Icon name="warning" className="mt-0.5 size-4" />
        Copy it now. You won’t be able to see it again.
      </p>
      <Code
        title="API key"
        name="the API key"
        text={key}
        buttonRef={copyButton}
        kind="primary"
        className="text-base"
        onCopied={onCopied}
      />
      <Code
        title="Try it with curl"
        name="the curl command"
        text={`curl ${apiUrl}/auth/me -H "X-API-Key: ${key}"`}
        onCopied={onCopied}
      />
      <Code
        title="Use it with the SDK"
        name="the SDK example"
        text={`createLatchkey({ baseUrl: "${apiUrl}", apiKey: process.env.LATCHKEY_API_KEY })`}
      />
      <ModalActions>
        <Button onClick={onDone}>Done</Button>
      </ModalActions>
    </>
  )
}

interface CodeProps {
  title: string
  name: string
  text: string
  kind?: "primary" | "secondary"
  className?: string
  buttonRef?: RefObject<HTMLButtonElement | null>
  onCopied?: () => void
}

function Code({
  title,
  name,
  text,
  kind = "secondary",
  className = "text-sm",
  buttonRef,
  onCopied,
}: CodeProps) {
  return (
    <section className="mt-4">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <h3 className="text-sm font-medium">{title}</h3>
        <CopyButton
          text={text}
          name={name}
          kind={kind}
          {...(buttonRef && { ref: buttonRef })}
          {...(onCopied && { onCopied })}
        />
      </div>
      {/* Manual copying counts too. */}
      <code
        onCopy={onCopied}
        className={`mt-1.5 block rounded-lg bg-sunken px-3 py-2.5 font-mono wrap-anywhere select-all ${className}`}
      >
        {text}
      </code>
    </section>
  )
}
