import type { ApiKey } from "@latchkey/sdk"
import { useApp } from "../app.ts"
import { hasEnded, isInGrace } from "../keys/keyState.ts"
import type { MenuItem } from "../parts/Menu.tsx"
import { useLanguage } from "../strings/context.ts"

/** The actions that the user can take on a key. */
export function useKeyActions(): (apiKey: ApiKey, now: number) => MenuItem[] {
  const { strings } = useLanguage()
  const { store, isReadOnly, openDialog, notify } = useApp()

  async function setDisabled(apiKey: ApiKey, disabled: boolean) {
    try {
      await store.update(apiKey.id, { disabled })
      notify(disabled ? strings.wasDisabled(apiKey.label) : strings.wasEnabled(apiKey.label))
    } catch (error) {
      notify(strings.notChanged(apiKey.label), error)
    }
  }

  async function copyId({ id }: ApiKey) {
    try {
      await navigator.clipboard.writeText(id)
      notify(strings.idCopied)
    } catch {
      notify(strings.copyFailed)
    }
  }

  return (apiKey, now) => {
    const copy: MenuItem = { label: strings.copyId, icon: "copy", onSelect: () => copyId(apiKey) }
    if (isReadOnly || hasEnded(apiKey, now)) return [copy]
    const open = (kind: "rotate" | "rename" | "edit") => () => openDialog({ kind, apiKey })
    return [
      ...(isInGrace(apiKey, now)
        ? []
        : [{ label: strings.rotate, icon: "rotate", onSelect: open("rotate") } satisfies MenuItem]),
      { label: strings.rename, icon: "pencil", onSelect: open("rename") },
      { label: strings.edit, icon: "sliders", onSelect: open("edit") },
      copy,
      apiKey.disabled
        ? { label: strings.enable, icon: "play", onSelect: () => setDisabled(apiKey, false) }
        : { label: strings.disable, icon: "pause", onSelect: () => setDisabled(apiKey, true) },
      {
        label: strings.revoke,
        icon: "trash",
        isDanger: true,
        onSelect: () => openDialog({ kind: "revoke", apiKeys: [apiKey] }),
      },
    ]
  }
}
