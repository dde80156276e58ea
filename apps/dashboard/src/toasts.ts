import { Toast } from "@base-ui/react/toast"
import { explain } from "./explain.ts"

export const toasts = Toast.createToastManager()

export const toastDone = (title: string) => void toasts.add({ title, type: "done" })

/** Stays until it is dismissed: it tells that something was not done. */
export const toastError = (title: string, error: unknown) =>
  void toasts.add({ title, description: explain(error), type: "error", timeout: 0 })
