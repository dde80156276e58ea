import { useMutation, useQueryClient } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"
import { toastDone, toastError } from "../toasts.ts"

/** Ends another session of the account. */
export function useEndSession() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => asUser((latchkey) => latchkey.sessions.revoke(id)),
    onSuccess: () => toastDone("That session is signed out."),
    onError: (error) => toastError("That session is not signed out.", error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  })
}

export function useEndOtherSessions() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => asUser((latchkey) => latchkey.sessions.revokeOthers()),
    onSuccess: () => toastDone("You are signed out everywhere else."),
    onError: (error) => toastError("The other sessions are not signed out.", error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  })
}
