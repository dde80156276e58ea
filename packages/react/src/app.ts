import type { ApiKey } from "@latchkey/sdk"
import { createContext, useContext } from "react"
import type { KeyStore, KeysState } from "./keys/createKeyStore.ts"
import type { ScopeOption } from "./scopeOption.ts"
import type { ApiKeysView } from "./view/view.ts"

export type DialogState =
  | { kind: "create" }
  | { kind: "rename" | "edit" | "rotate"; apiKey: ApiKey }
  | { kind: "revoke"; apiKeys: readonly ApiKey[] }

/** The context that the parts of the component share. */
export interface App {
  store: KeyStore
  state: KeysState
  isReadOnly: boolean
  view: ApiKeysView
  /** Opens another view of the keys. */
  go(change: Partial<ApiKeysView>, options?: { replace?: boolean }): void
  openDialog(dialog: DialogState): void
  /** Reports what was done, or why it failed. */
  notify(text: string, error?: unknown): void
  scopes: readonly ScopeOption[]
  apiUrl: string | undefined
  baseUrl: string
  variable: string
  hrefOf: ((apiKeyId: string | null) => string) | undefined
  /** The level of the heading. */
  headingLevel: 1 | 2 | 3
}

const AppContext = createContext<App | null>(null)

export const AppProvider = AppContext.Provider

export function useApp(): App {
  const app = useContext(AppContext)
  if (!app) throw new TypeError("this is part of <ApiKeys>")
  return app
}
