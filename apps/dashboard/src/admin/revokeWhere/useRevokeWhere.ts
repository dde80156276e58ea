import type { RevokeWhereConditions } from "@latchkey/sdk"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { asUser } from "../../session/session.ts"
import { untilDone } from "../untilDone.ts"

/** The preview of a mass revocation. */
export function usePreview() {
  return useMutation({
    mutationFn: (where: RevokeWhereConditions) =>
      asUser(({ admin }) => admin.apiKeys.revokeWhere({ where, preview: true })),
  })
}

/** Revokes all keys of a preview. `attempts` counts the attempts that did not revoke all of them. */
export function useRevokeWhere() {
  const queries = useQueryClient()
  const [attempts, setAttempts] = useState(0)
  const revocation = useMutation({
    mutationFn(input: { where: RevokeWhereConditions; confirm: string }) {
      setAttempts(0)
      return untilDone(
        ({ admin }) => admin.apiKeys.revokeWhere(input),
        () => setAttempts((count) => count + 1),
      )
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["admin"] }),
  })
  return { ...revocation, attempts }
}
