import { useEffect } from "react"

/** Makes the browser ask for confirmation before the user leaves the page. */
export function useWarningBeforeUnload(isNeeded: boolean) {
  useEffect(() => {
    if (!isNeeded) return
    const warn = (event: Event) => event.preventDefault()
    addEventListener("beforeunload", warn)
    return () => removeEventListener("beforeunload", warn)
  }, [isNeeded])
}
