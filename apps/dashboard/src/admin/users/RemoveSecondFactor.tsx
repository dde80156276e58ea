import type { ListedUser } from "@latchkey/sdk"
import { useQueryClient } from "@tanstack/react-query"
import { ModalForm } from "../../components/forms/ModalForm.tsx"
import { useForm } from "../../components/forms/useForm.ts"
import { asUser } from "../../session/session.ts"
import { toastSuccess } from "../../toasts.ts"
import { nameOf } from "./nameOf.ts"

/** Removes the second factor of a user who has lost it. */
export function RemoveSecondFactor({ user, onClose }: { user: ListedUser; onClose: () => void }) {
  const queries = useQueryClient()
  const form = useForm({}, async () => {
    await asUser(({ admin }) => admin.users.resetSecondFactor(user.id))
    void queries.invalidateQueries({ queryKey: ["admin"] })
    onClose()
    toastSuccess(`The second factor of ${nameOf(user)} was removed.`)
  })
  return (
    <ModalForm form={form} button="Remove second factor" isDangerous focused="cancel" onCancel={onClose} />
  )
}
