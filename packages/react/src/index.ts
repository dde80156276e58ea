export { ApiKeys, type ApiKeysProps } from "./ApiKeys.tsx"
export type { ConnectionOptions } from "./client/createClient.ts"
export type { ScopeOption } from "./scopeOption.ts"
export { english } from "./strings/english.ts"
export type { ApiKeysStrings } from "./strings/strings.ts"
export { type ApiKeysResult, useApiKeys } from "./useApiKeys.ts"
export type { ViewOptions } from "./view/useView.ts"
export {
  type ApiKeysSort,
  type ApiKeysTab,
  type ApiKeysView,
  readView,
  writeView,
} from "./view/view.ts"
