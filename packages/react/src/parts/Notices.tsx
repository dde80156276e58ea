import { useEffect, useRef } from "react"
import { useLanguage } from "../strings/context.ts"
import { Button } from "./Button.tsx"
import { ErrorText } from "./ErrorMessage.tsx"
import { Icon } from "./Icon.tsx"

export interface Notice {
  id: number
  text: string
  /** The reason for a failure. Such a notice stays until it is dismissed. */
  error: unknown
}

interface Props {
  notices: readonly Notice[]
  onDismiss: (id: number) => void
}

/** Notices about what was done, in a corner of the window and above everything else. */
export function Notices({ notices, onDismiss }: Props) {
  const ref = useRef<HTMLDivElement>(null)
  const isEmpty = notices.length === 0
  useEffect(() => {
    // Showing it again puts it above a dialog that has been opened in the meantime.
    if (!isEmpty) ref.current?.showPopover()
    return () => ref.current?.hidePopover()
  }, [isEmpty])
  return (
    <>
      {/* Screen readers announce changes of what was there before, which a popover was not. */}
      <p role="status" data-part="hidden">
        {notices.at(-1)?.text}
      </p>
      <div ref={ref} data-part="notices" popover="manual">
        {notices.map((notice) => (
          <NoticeItem key={notice.id} notice={notice} onDismiss={onDismiss} />
        ))}
      </div>
    </>
  )
}

const DURATION = 6_000

function NoticeItem({
  notice: { id, text, error },
  onDismiss,
}: {
  notice: Notice
  onDismiss: (id: number) => void
}) {
  const { strings } = useLanguage()
  const dismiss = useRef(onDismiss)
  dismiss.current = onDismiss
  useEffect(() => {
    if (error) return
    const timer = setTimeout(() => dismiss.current(id), DURATION)
    return () => clearTimeout(timer)
  }, [id, error])
  return (
    <div data-part="notice" data-kind={error ? "error" : "done"}>
      <Icon name={error ? "warning" : "check"} />
      <div>
        <p data-part="notice-title">{text}</p>
        {error ? (
          <p data-part="hint">
            <ErrorText error={error} />
          </p>
        ) : null}
      </div>
      <Button kind="icon" size="small" aria-label={strings.dismiss} onClick={() => onDismiss(id)}>
        <Icon name="close" />
      </Button>
    </div>
  )
}
