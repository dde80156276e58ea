import { useMutation, useQueryClient } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"
import { toastError, toastSuccess } from "../toasts.ts"

/** Signs out another session of the account. */
export function useEndSession() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => asUser((latchkey) => latchkey.sessions.revoke(id)),
    onSuccess: () => toastSuccess("The session was signed out."),
    onError: (error) => toastError("The session could not be signed out.", error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  })
}

export function useEndOtherSessions() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => asUser((latchkey) => latchkey.sessions.revokeOthers()),
    onSuccess: () => toastSuccess("You are signed out everywhere else."),
    onError: (error) => toastError("The other sessions could not be signed out.", error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  })
}
