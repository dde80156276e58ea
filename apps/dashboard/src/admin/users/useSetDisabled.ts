import type { ListedUser } from "@latchkey/sdk"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { asUser } from "../../session/session.ts"
import { toastError, toastSuccess } from "../../toasts.ts"
import { nameOf } from "./nameOf.ts"

/** Disables an enabled user, or enables a disabled one. */
export function useSetDisabled() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, disabledAt }: ListedUser) =>
      asUser(({ admin }) => (disabledAt ? admin.users.enable(id) : admin.users.disable(id))),
    onSuccess: (_, user) => toastSuccess(`${nameOf(user)} was ${user.disabledAt ? "enabled" : "disabled"}.`),
    onError: (error, user) =>
      toastError(`${nameOf(user)} could not be ${user.disabledAt ? "enabled" : "disabled"}.`, error),
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  })
}
