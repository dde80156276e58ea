import { type ReactNode, useEffect, useId, useRef } from "react"
import { useLanguage } from "../strings/context.ts"
import { activeElementNear } from "./activeElementNear.ts"
import { Button } from "./Button.tsx"
import { Icon } from "./Icon.tsx"

interface Props {
  /** `alert` requires an explicit answer: a click outside does not close it. */
  kind?: "plain" | "alert"
  title: ReactNode
  description?: ReactNode
  /** Called when the user wants to close it. It closes when it is no longer rendered. */
  onClose: () => void
  /**
   * Called when the page is left, for a dialog whose contents must not be shown again: the browser may keep the page in its
   * back/forward cache.
   */
  onLeave?: (() => void) | undefined
  children: ReactNode
}

/**
 * A modal dialog, open while it is rendered. It focuses the element with `data-autofocus`. When it closes, it focuses
 * the element that had the focus before, or else the nearest heading.
 */
export function Dialog({ kind = "plain", title, description, onClose, onLeave, children }: Props) {
  const { strings } = useLanguage()
  const id = useId()
  const ref = useRef<HTMLDialogElement>(null)
  const pressed = useRef<EventTarget | null>(null)
  useModal(ref)
  useLeave(ref, onLeave)

  return (
    <dialog
      ref={ref}
      data-part="dialog"
      data-kind={kind}
      role={kind === "alert" ? "alertdialog" : undefined}
      aria-labelledby={`${id}-title`}
      aria-describedby={description ? `${id}-description` : undefined}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      // Browsers let a second Escape close a dialog that has refused the first.
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return
        event.preventDefault()
        event.stopPropagation()
        onClose()
      }}
      onPointerDown={(event) => {
        pressed.current = event.target
      }}
      onClick={(event) => {
        const isOutside = event.target === ref.current && pressed.current === ref.current
        if (isOutside && kind === "plain") onClose()
      }}
    >
      <div data-part="dialog-body">
        <h2 data-part="dialog-title" id={`${id}-title`}>
          {title}
        </h2>
        {description && (
          <p data-part="dialog-text" id={`${id}-description`}>
            {description}
          </p>
        )}
        {children}
        {kind === "plain" && (
          <Button kind="icon" data-part="dialog-close" aria-label={strings.close} onClick={onClose}>
            <Icon name="close" />
          </Button>
        )}
      </div>
    </dialog>
  )
}

function useModal(ref: { current: HTMLDialogElement | null }) {
  const opener = useRef<Element | null>(null)
  useEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    opener.current ??= activeElementNear(dialog)
    if (!dialog.open) dialog.showModal()
    dialog.querySelector<HTMLElement>("[data-autofocus]")?.focus()
    const root = dialog.parentElement?.closest<HTMLElement>("[data-latchkey]")
    const outer = dialog.parentElement?.closest("dialog")
    return () => {
      dialog.close()
      // After React has removed what disappears with the dialog, such as the row of a revoked key.
      setTimeout(() => {
        // If several dialogs close at once, the outer one restores the focus.
        if (outer?.isConnected !== false) restoreFocus(opener.current, root)
      })
    }
  }, [ref])
}

function useLeave(ref: { current: HTMLDialogElement | null }, onLeave: (() => void) | undefined) {
  useEffect(() => {
    if (!onLeave) return
    const leave = () => {
      // A browser may keep the page before React renders again.
      ref.current?.close()
      onLeave()
    }
    addEventListener("pagehide", leave)
    return () => removeEventListener("pagehide", leave)
  }, [ref, onLeave])
}

/**
 * Focuses the element that opened a dialog. If it is gone, focuses an equivalent one, such as the button below the
 * first key, or else the heading.
 */
function restoreFocus(opener: Element | null, root: HTMLElement | null | undefined) {
  const isThere = opener !== document.body && opener?.checkVisibility()
  const like = opener instanceof HTMLElement && opener.dataset.opens
  const target = isThere ? opener : root?.querySelector(`[data-opens="${like}"]`)
  const heading = root?.querySelector("[data-part=heading]")
  ;((target ?? heading) as HTMLElement | null | undefined)?.focus()
}

/** The buttons of a dialog, the primary one last. On narrow screens it is on top. */
export const DialogActions = ({ children }: { children: ReactNode }) => (
  <div data-part="dialog-actions">{children}</div>
)
