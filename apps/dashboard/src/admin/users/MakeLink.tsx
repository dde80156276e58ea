import type { ListedUser, ResetLink } from "@latchkey/sdk"
import { ModalForm } from "../../components/forms/ModalForm.tsx"
import { useForm } from "../../components/forms/useForm.ts"
import { asUser } from "../../session/session.ts"

interface Props {
  user: ListedUser
  onMade: (link: ResetLink) => void
  onCancel: () => void
}

/** Creates a link by which a user can set a new password. */
export function MakeLink({ user, onMade, onCancel }: Props) {
  const form = useForm({}, async () => {
    onMade(await asUser(({ admin }) => admin.users.createResetLink(user.id)))
  })
  return <ModalForm form={form} button="Make link" focused="submit" onCancel={onCancel} />
}
