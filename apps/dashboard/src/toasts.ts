import { Toast } from "@base-ui/react/toast"
import { explain } from "./explain.ts"

export const toasts = Toast.createToastManager()

export const toastSuccess = (title: string) => void toasts.add({ title, type: "done" })

/** Stays until dismissed, because the user's action failed. */
export const toastError = (title: string, error: unknown) =>
  void toasts.add({ title, description: explain(error), type: "error", timeout: 0 })
