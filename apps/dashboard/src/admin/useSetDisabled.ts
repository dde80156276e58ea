import type { ListedUser } from "@latchkey/sdk"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"
import { toastError, toastSuccess } from "../toasts.ts"

/** Disables an enabled user, or enables a disabled one. */
export function useSetDisabled() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, disabledAt }: ListedUser) =>
      asUser(({ admin }) => (disabledAt ? admin.users.enable(id) : admin.users.disable(id))),
    onSuccess: (_, { email, disabledAt }) =>
      toastSuccess(disabledAt ? `${email} was enabled.` : `${email} was disabled.`),
    onError: (error, { email, disabledAt }) =>
      toastError(`${email} could not be ${disabledAt ? "enabled" : "disabled"}.`, error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  })
}
