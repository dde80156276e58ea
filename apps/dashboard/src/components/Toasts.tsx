import { Toast } from "@base-ui/react/toast"
import type { ReactNode } from "react"
import { toasts } from "../toasts.ts"
import { Icon } from "./Icon.tsx"

/** Provides and shows the toast notifications. */
export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={toasts} timeout={6_000}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-4 bottom-4 z-30 mx-auto flex max-w-md flex-col gap-2 sm:right-6 sm:bottom-6 sm:left-auto sm:mx-0 sm:w-96">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  return Toast.useToastManager().toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      swipeDirection={[]}
      className="rounded-xl border border-line bg-surface text-ink shadow-xl transition duration-150 data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-start gap-3 p-3 pl-4">
        <Icon
          name={toast.type === "error" ? "warning" : "check"}
          className={`mt-1 size-4 ${toast.type === "error" ? "text-danger" : "text-ok"}`}
        />
        <div className="min-w-0 flex-1 py-0.5 text-sm break-words">
          <Toast.Title className="font-medium" />
          <Toast.Description className="text-muted" />
        </div>
        <Toast.Close
          aria-label="Dismiss"
          className="grid size-7 place-items-center rounded-md text-muted hover:bg-sunken hover:text-ink"
        >
          <Icon name="close" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}
