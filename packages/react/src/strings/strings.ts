import type { AuditEvent } from "@latchkey/sdk"
import type { ApiKeysTab } from "../view/view.ts"

/** Every text of the component. Dates and numbers in the arguments are formatted already. */
export interface ApiKeysStrings {
  title: string
  intro: string
  loading: string
  cancel: string
  close: string
  dismiss: string
  save: string
  done: string

  createKey: string
  firstTitle: string
  firstText: string
  noneYet: string
  readOnly: string
  tabs: Record<ApiKeysTab, string>
  tabsLabel: string
  search: string
  clearSearch: string
  sortBy: string
  sorts: { lastUsed: string; created: string }
  noMatch(search: string): string
  noneIn: Record<ApiKeysTab, string>
  showActive: string
  listOf(tab: string): string

  columns: {
    key: string
    created: string
    lastUsed: string
    usage: string
    expires: string
    ended: string
    actions: string
  }
  never: string
  lastUsedName: string
  neverUsed: string
  created(time: string): string
  lastUsed(time: string): string
  expires(time: string): string
  callsIn30Days(count: string): string
  revoked: string
  expired: string
  disabled: string
  replaced(time: string): string
  lockedHint: string

  actionsFor(label: string): string
  rotate: string
  rename: string
  edit: string
  copyId: string
  disable: string
  enable: string
  revoke: string
  selectKey(label: string): string
  selectAll: string
  selected(count: string): string
  clearSelection: string
  range(from: string, to: string, total: string): string
  pages: string
  previous: string
  next: string

  label: string
  labelHint: string
  labelMissing: string
  labelExample: string
  expiry: string
  expiryNever: string
  expiryDate: string
  expiryDateLabel: string
  expiryDateMissing: string
  expiryOn(date: string): string
  expiryNone: string
  scopes: string
  scopesAll: string
  scopesAllHint: string
  scopesChosen: string
  scopesMissing: string
  more: string
  addresses: string
  addressesHint: string
  limit: string
  limitHint: string
  limitCalls: string
  limitPer: string
  limitInvalid: string

  keyReady(label: string): string
  copyNow: string
  apiKey: string
  copy: string
  copied: string
  copyFailed: string
  copyKey: string
  copiedKey: string
  copyExample: string
  copiedExample: string
  useIt: string
  snippets: { env: string; curl: string; javascript: string; python: string; go: string }
  snippetHint(variable: string): string
  notCopiedTitle: string
  notCopiedText: string
  closeAnyway: string
  backToKey: string
  /** After an error, if a key may have been created whose response was lost. */
  keyMayExist: string

  revokeTitle(label: string): string
  revokeText: string
  revokeKey: string
  revokeManyTitle(count: string): string
  revokeManyKeys(count: string): string
  wasRevoked(label: string): string
  wereRevoked(count: string): string
  notRevoked(label: string): string
  someNotRevoked(count: string): string

  rotateTitle(label: string): string
  rotateText: string
  rotateKey: string
  grace: string
  graceNow: string
  graceNowHint: string
  graceUntil(time: string): string
  rotatedText(oldStart: string, time: string): string
  rotatedNowText(oldStart: string): string

  editTitle(label: string): string
  renameTitle(label: string): string
  wasChanged(label: string): string
  notChanged(label: string): string
  wasDisabled(label: string): string
  wasEnabled(label: string): string
  idCopied: string

  backToList: string
  notFound: string
  settings: string
  id: string
  start: string
  owner: string
  active: string
  createdBy(who: string): string
  everyScope: string
  noScope: string
  anyAddress: string
  noLimit: string
  limitOf(calls: string, window: string): string
  replacedByThis: string
  replacesThis: string

  usage: string
  usageSummary(calls: string, days: string): string
  usageNone(days: string): string
  usageDay(day: string, calls: string): string
  usageDayLimited(day: string, calls: string, limited: string): string
  chartHint: string
  accepted: string
  limited: string
  asTable: string
  day: string

  trail: string
  trailNone: string
  trailMore: string
  /** `isOther`: it happened to the key that this one replaces. */
  event(event: AuditEvent, details: { count: string; isOther: boolean }): string
  byAdministrator: string
  byServer: string
  manyAddresses: string
  unknownDevice: string

  away: string
  offline: string
  rateLimited(wait: string | null): string
  reloadPage: string
  retry: string
  /** An error of Latchkey, by its `reason`. `message` is the server's text, in English. */
  error(reason: string, details: { message: string; requestId: string | undefined }): string
}
