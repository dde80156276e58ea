import { ConfirmDialog } from "../components/ConfirmDialog.tsx"

interface Props {
  /** The number of other sessions. */
  count: number
  isOpen: boolean
  onClose: () => void
  onConfirm: () => void
}

/** Asks for confirmation before it ends all other sessions. */
export const EndOthersDialog = ({ count, ...dialog }: Props) => (
  <ConfirmDialog
    {...dialog}
    title="Sign out everywhere else?"
    description={`${count === 1 ? "One other session ends" : `${count} other sessions end`} immediately. You stay signed in here, and API keys keep working.`}
    button="Sign out everywhere else"
  />
)
