import type { RevokeWhereConditions } from "@latchkey/sdk"
import { useState } from "react"
import { AdminHeading } from "../admin/AdminHeading.tsx"
import { ConditionForm } from "../admin/revokeWhere/ConditionForm.tsx"
import { RevocationPreview } from "../admin/revokeWhere/RevocationPreview.tsx"
import { usePreview } from "../admin/revokeWhere/useRevokeWhere.ts"

/** Revokes all keys that meet conditions, once the administrator has confirmed a preview. */
export function AdminIncidentPage() {
  const preview = usePreview()
  const [where, setWhere] = useState<RevokeWhereConditions>({})
  return (
    <>
      <AdminHeading
        title="Revoke many keys"
        description="After an incident: find the affected keys, review them, and revoke all of them at once."
      />
      <div className="grid grid-cols-1 gap-6">
        <ConditionForm
          error={preview.error}
          isBusy={preview.isPending}
          onChange={() => preview.reset()}
          onSubmit={(conditions) => {
            setWhere(conditions)
            preview.mutate(conditions)
          }}
        />
        {preview.data && (
          <RevocationPreview
            key={preview.data.confirm}
            where={where}
            preview={preview.data}
            onAgain={() => preview.mutate(where)}
          />
        )}
      </div>
    </>
  )
}
