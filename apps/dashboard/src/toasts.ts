import { Toast } from "@base-ui/react/toast"
import { explain } from "./explain.ts"
import { UserChanged } from "./session/state.ts"

export const toasts = Toast.createToastManager()

export const toastSuccess = (title: string) => void toasts.add({ title, type: "done" })

/** Shows an error until the user dismisses it, because their action failed. It is not shown to another user. */
export function toastError(title: string, error: unknown) {
  if (!(error instanceof UserChanged))
    toasts.add({ title, description: explain(error), type: "error", timeout: 0 })
}
