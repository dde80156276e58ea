import type { DialogState } from "../app.ts"
import { CreateDialog } from "../create/CreateDialog.tsx"
import { EditDialog } from "./EditDialog.tsx"
import { RenameDialog } from "./RenameDialog.tsx"
import { RevokeDialog } from "./RevokeDialog.tsx"
import { RotateDialog } from "./RotateDialog.tsx"

/** The dialog that is open. */
export function ActionDialog({ dialog, onClose }: { dialog: DialogState; onClose: () => void }) {
  switch (dialog.kind) {
    case "create":
      return <CreateDialog onClose={onClose} />
    case "rename":
      return <RenameDialog apiKey={dialog.apiKey} onClose={onClose} />
    case "edit":
      return <EditDialog apiKey={dialog.apiKey} onClose={onClose} />
    case "rotate":
      return <RotateDialog apiKey={dialog.apiKey} onClose={onClose} />
    case "revoke":
      return <RevokeDialog apiKeys={dialog.apiKeys} onClose={onClose} />
  }
}
