import { AlertDialog } from "@base-ui/react/alert-dialog"
import { Dialog } from "@base-ui/react/dialog"
import type { ReactNode, RefObject } from "react"
import { Icon } from "./Icon.tsx"

interface Props {
  /** `alert` requires an explicit answer: a click outside does not close it. */
  kind?: "plain" | "alert"
  isOpen: boolean
  onClose: () => void
  title: ReactNode
  description?: ReactNode
  /** The element to focus on open; default: the first focusable one. */
  initialFocus?: RefObject<HTMLElement | null>
  /** Returns the element to focus after closing, or true for the one that opened the dialog. */
  finalFocus?: () => HTMLElement | true
  onClosed?: () => void
  children: ReactNode
}

/** A modal dialog. It traps the focus and restores it on close. */
export function Modal({
  kind = "plain",
  isOpen,
  onClose,
  onClosed,
  title,
  description,
  children,
  ...focus
}: Props) {
  const Part = kind === "alert" ? AlertDialog : Dialog
  return (
    <Part.Root
      open={isOpen}
      onOpenChange={(open) => !open && onClose()}
      onOpenChangeComplete={(open) => !open && onClosed?.()}
    >
      <Part.Portal>
        <Part.Backdrop
          forceRender
          className="fixed inset-0 z-20 bg-backdrop transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0"
        />
        <Part.Viewport className="fixed inset-0 z-20 flex items-end justify-center overflow-y-auto sm:items-center sm:p-6">
          <Part.Popup
            {...focus}
            className="relative w-full max-w-lg rounded-t-2xl border border-line bg-surface p-5 shadow-2xl transition duration-150 outline-none data-ending-style:translate-y-2 data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0 max-sm:max-h-dvh max-sm:overflow-y-auto sm:rounded-2xl sm:p-6"
          >
            <Part.Title className={`text-lg font-semibold break-words ${kind === "plain" ? "pr-10" : ""}`}>
              {title}
            </Part.Title>
            {description && <Part.Description className="mt-1 text-muted">{description}</Part.Description>}
            <div className="mt-5">{children}</div>
            {kind === "plain" && (
              <Part.Close
                aria-label="Close"
                className="absolute top-4 right-4 grid size-9 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
              >
                <Icon name="close" />
              </Part.Close>
            )}
          </Part.Popup>
        </Part.Viewport>
      </Part.Portal>
    </Part.Root>
  )
}

/** The buttons of a dialog. Put the primary button last: on narrow screens it is on top. */
export const ModalActions = ({ children }: { children: ReactNode }) => (
  <div className="mt-6 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">{children}</div>
)
