import type { ListedUser } from "@latchkey/sdk"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { toastSuccess } from "../../toasts.ts"
import { untilDone } from "../untilDone.ts"
import { nameOf } from "./nameOf.ts"

/** Erases a user permanently. */
export function useEraseUser() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id }: ListedUser) =>
      untilDone(
        ({ admin }) => admin.users.erase(id),
        () => {},
      ),
    onSuccess: (_, user) => toastSuccess(`${nameOf(user)} was erased.`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  })
}
