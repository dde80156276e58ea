import type { ListedUser } from "@latchkey/sdk"
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx"
import { nameOf } from "./nameOf.ts"
import { stoppedKeys } from "./stoppedKeys.ts"

interface Props {
  user: ListedUser
  isOpen: boolean
  onClose: () => void
  onConfirm: () => void
  finalFocus: () => HTMLElement | true
}

/** Asks for confirmation before it disables or enables a user. */
export const SetDisabledDialog = ({ user, ...dialog }: Props) =>
  user.disabledAt ? (
    <ConfirmDialog
      {...dialog}
      title={`Enable ${nameOf(user)}?`}
      description={`They will be able to sign in again. ${restoredKeys(user)}`}
      button="Enable user"
      isDangerous={false}
    />
  ) : (
    <ConfirmDialog
      {...dialog}
      title={`Disable ${nameOf(user)}?`}
      description={`They will be signed out everywhere and unable to sign in. ${stoppedKeys(user)} Enabling them later restores access, but they have to sign in again.`}
      button="Disable user"
    />
  )

function restoredKeys({ activeKeys }: ListedUser): string {
  if (activeKeys === 0) return "They have no active keys."
  return activeKeys === 1 ? "1 active key works again." : `${activeKeys} active keys work again.`
}
