import type { ListedUser } from "@latchkey/sdk"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"
import { toastDone, toastError } from "../toasts.ts"

/** Disables a user who is enabled, and enables one who is not. */
export function useSetDisabled() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, disabledAt }: ListedUser) =>
      asUser(({ admin }) => (disabledAt ? admin.users.enable(id) : admin.users.disable(id))),
    onSuccess: (_, { email, disabledAt }) =>
      toastDone(disabledAt ? `${email} is enabled.` : `${email} is disabled.`),
    onError: (error, { email, disabledAt }) =>
      toastError(disabledAt ? `${email} is not enabled.` : `${email} is not disabled.`, error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  })
}
