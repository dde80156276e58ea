import type { ListedUser, ResetLink } from "@latchkey/sdk"
import { ModalForm } from "../../components/forms/ModalForm.tsx"
import { useForm } from "../../components/forms/useForm.ts"
import { asUser } from "../../session/session.ts"

interface Props {
  user: ListedUser
  /** Shows the link in the response to a request. */
  show: (request: Promise<ResetLink>) => Promise<void>
  onCancel: () => void
}

/** Creates a link with which a user can set a new password. */
export function CreateResetLink({ user, show, onCancel }: Props) {
  const form = useForm({}, () => show(asUser(({ admin }) => admin.users.createResetLink(user.id))))
  return <ModalForm form={form} button="Create link" returnsSecret focused="submit" onCancel={onCancel} />
}
