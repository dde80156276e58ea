import { LatchkeyError, type OwnedApiKey } from "@latchkey/sdk"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { asUser } from "../../session/session.ts"
import { toastError, toastSuccess } from "../../toasts.ts"

/** Revokes a key of any user. */
export function useRevokeOwnedApiKey() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id }: OwnedApiKey) => asUser(({ admin }) => admin.apiKeys.revoke(id)),
    onSuccess: (_, { label }) => toastSuccess(`“${label}” was revoked.`),
    onError(error, { label }) {
      // It was revoked elsewhere in the meantime, so there is nothing left to do.
      if (error instanceof LatchkeyError && error.reason === "NOT_FOUND") {
        toastSuccess(`“${label}” was already revoked.`)
      } else toastError(`“${label}” could not be revoked.`, error)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  })
}
