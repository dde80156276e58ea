import { LatchkeyError, type OwnedApiKey } from "@latchkey/sdk"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"
import { toastDone, toastError } from "../toasts.ts"

/** Revokes anybody's key. */
export function useRevokeOwnedApiKey() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id }: OwnedApiKey) => asUser(({ admin }) => admin.apiKeys.revoke(id)),
    onSuccess: (_, { label }) => toastDone(`“${label}” is revoked.`),
    onError(error, { label }) {
      // Revoked elsewhere in the meantime, which is what was wanted.
      if (error instanceof LatchkeyError && error.reason === "NOT_FOUND") {
        toastDone(`“${label}” was revoked already.`)
      } else toastError(`“${label}” is not revoked.`, error)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  })
}
