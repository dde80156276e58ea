import type { AuditEvent } from "@latchkey/sdk"
import type { ApiKeysStrings } from "./strings.ts"

/** The texts in English. Translate a copy of it. */
export const english: ApiKeysStrings = {
  title: "API keys",
  intro: "Programs use a key to call the API as you. Keep keys as safe as passwords.",
  loading: "Loading keys",
  cancel: "Cancel",
  close: "Close",
  dismiss: "Dismiss",
  save: "Save changes",
  done: "Done",

  createKey: "Create key",
  firstTitle: "Create your first key",
  firstText:
    "Your programs send a key with every API call to authenticate as you. All you need to choose is a name.",
  noneYet: "There are no keys yet.",
  readOnly: "You can see these keys, but not change them.",
  tabs: { active: "Active", expiring: "Expiring", unused: "Unused", ended: "Ended" },
  tabsLabel: "Show",
  search: "Search by label or start",
  clearSearch: "Clear the search",
  sortBy: "Sort by",
  sorts: { lastUsed: "Last used", created: "Created" },
  noMatch: (search) => `No key’s label contains “${search}”, and no key starts with it.`,
  noneIn: {
    active: "No active keys.",
    expiring: "No key expires within 7 days.",
    unused: "Every active key was used within 30 days.",
    ended: "No key has been revoked or has expired.",
  },
  showActive: "Show active keys",
  listOf: (tab) => `API keys: ${tab}`,

  columns: {
    key: "Key",
    created: "Created",
    lastUsed: "Last used",
    usage: "Calls, 30 days",
    expires: "Expires",
    ended: "Ended",
    actions: "Actions",
  },
  never: "Never",
  lastUsedName: "Last used",
  neverUsed: "Never used",
  created: (time) => `Created ${time}`,
  lastUsed: (time) => `Last used ${time}`,
  expires: (time) => `Expires ${time}`,
  callsIn30Days: (count) => `${count} ${count === "1" ? "call" : "calls"} in 30 days`,
  revoked: "Revoked",
  expired: "Expired",
  disabled: "Disabled",
  replaced: (time) => `Replaced, ends ${time}`,
  lockedHint: "Scopes, addresses and limit are set for you, and can’t be changed here.",

  actionsFor: (label) => `Actions for ${label}`,
  rotate: "Rotate",
  rename: "Rename",
  edit: "Edit",
  copyId: "Copy ID",
  disable: "Disable",
  enable: "Enable",
  revoke: "Revoke",
  selectKey: (label) => `Select ${label}`,
  selectAll: "Select all on this page",
  selected: (count) => `${count} selected`,
  clearSelection: "Clear selection",
  range: (from, to, total) => (from === to ? `${to} of ${total}` : `${from}–${to} of ${total}`),
  pages: "Pages of keys",
  previous: "Previous",
  next: "Next",

  label: "Label",
  labelHint: "Name it after the program that will use it, so that you can tell your keys apart.",
  labelMissing: "Give the key a label.",
  labelExample: "nightly import",
  expiry: "Expires",
  expiryNever: "Never",
  expiryDate: "On a date",
  expiryDateLabel: "Last day",
  expiryDateMissing: "Choose today or a later day.",
  expiryOn: (date) => `The key expires on ${date}.`,
  expiryNone: "The key works until you revoke it.",
  scopes: "Scopes",
  scopesAll: "Everything you may do",
  scopesAllHint: "Including scopes that are added later.",
  scopesChosen: "Only selected scopes",
  scopesMissing: "Choose at least one.",
  more: "More",
  addresses: "IP addresses",
  addressesHint: "Addresses or CIDR blocks, one on each line. If empty, the key works from anywhere.",
  limit: "Limit",
  limitHint: "If empty, the default applies.",
  limitCalls: "Calls",
  limitPer: "per",
  limitInvalid: "Enter a whole number from 1.",

  keyReady: (label) => `“${label}” is ready`,
  copyNow: "Copy it now. You won’t be able to see it again.",
  apiKey: "API key",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "The browser blocked copying. Select the text and copy it manually.",
  copyKey: "Copy the API key",
  copiedKey: "Copied the API key",
  copyExample: "Copy the example",
  copiedExample: "Copied the example",
  useIt: "Use it",
  snippets: { env: ".env", curl: "curl", javascript: "JavaScript", python: "Python", go: "Go" },
  snippetHint: (variable) => `It reads the key from the environment variable ${variable}.`,
  notCopiedTitle: "Close without copying the key?",
  notCopiedText: "You won’t be able to see it again. A lost key can only be revoked and replaced.",
  closeAnyway: "Close anyway",
  backToKey: "Back to the key",
  keyMayExist:
    "The new key may have been created anyway. Check the list before you try again, and revoke any key that was not shown to you.",

  revokeTitle: (label) => `Revoke “${label}”?`,
  revokeText: "All calls with this key will be rejected immediately. This can’t be undone.",
  revokeKey: "Revoke key",
  revokeManyTitle: (count) => `Revoke ${count} keys?`,
  revokeManyKeys: (count) => `Revoke ${count} keys`,
  wasRevoked: (label) => `“${label}” was revoked.`,
  wereRevoked: (count) => `${count} keys were revoked.`,
  notRevoked: (label) => `“${label}” could not be revoked.`,
  someNotRevoked: (count) => `${count} keys could not be revoked.`,

  rotateTitle: (label) => `Rotate “${label}”`,
  rotateText:
    "You get a new key with the same settings. The old one keeps working for a while, so that you can switch to the new one without an outage.",
  rotateKey: "Rotate key",
  grace: "Keep the old key working for",
  graceNow: "No time",
  graceNowHint: "The old key stops working immediately: every call with it is rejected.",
  graceUntil: (time) => `Both keys work until the old one expires ${time}.`,
  rotatedText: (oldStart, time) => `The old key ${oldStart}… works until it expires ${time}.`,
  rotatedNowText: (oldStart) => `The old key ${oldStart}… no longer works.`,

  editTitle: (label) => `Edit “${label}”`,
  renameTitle: (label) => `Rename “${label}”`,
  wasChanged: (label) => `“${label}” was changed.`,
  notChanged: (label) => `“${label}” could not be changed.`,
  wasDisabled: (label) => `“${label}” is disabled: calls with it are rejected until you enable it.`,
  wasEnabled: (label) => `“${label}” is enabled again.`,
  idCopied: "Copied the key’s ID.",

  backToList: "API keys",
  notFound: "There is no such key.",
  settings: "Settings",
  id: "ID",
  start: "Begins with",
  owner: "Owner",
  active: "Active",
  createdBy: (who) => `by ${who}`,
  everyScope: "Everything you may do",
  noScope: "Nothing",
  anyAddress: "From anywhere",
  noLimit: "No limit",
  limitOf: (calls, window) => `${calls} calls in ${window}`,
  replacedByThis: "Replaced by",
  replacesThis: "Replaces",

  usage: "Calls",
  usageSummary: (calls, days) => `${calls} ${calls === "1" ? "call" : "calls"} in ${days}`,
  usageNone: (days) => `No calls in ${days}`,
  usageDay: (day, calls) => `${day}: ${calls} ${calls === "1" ? "call" : "calls"}`,
  usageDayLimited: (day, calls, limited) => `${day}: ${calls} calls, and ${limited} over the limit`,
  chartHint: "Calls per day, in UTC. Use the arrow keys to go from day to day.",
  accepted: "Accepted",
  limited: "Over the limit",
  asTable: "Show as a table",
  day: "Day",

  trail: "History",
  trailNone: "No events yet.",
  trailMore: "Show more",
  event: describeEvent,
  byAdministrator: "An administrator",
  byServer: "The product’s server",
  manyAddresses: "Many addresses",
  unknownDevice: "Unknown device",

  away: "The server can’t be reached. Retrying…",
  offline: "You’re offline. This page will update once you’re connected.",
  rateLimited: (wait) => `Too many requests. ${wait ? `Try again in ${wait}.` : "You can try again now."}`,
  reloadPage: "Something went wrong on this page. Reload it and try again.",
  retry: "Try again",
  error(reason, { message, requestId }) {
    switch (reason) {
      case "NETWORK":
      case "TIMEOUT":
        return "The server can’t be reached. Try again in a moment."
      case "UNAVAILABLE":
        return "The server is temporarily unavailable. Try again in a moment."
      case "UNAUTHENTICATED":
        return "Your session has ended. Sign in again."
      case "INTERNAL":
        return `Something went wrong on the server. Request ID: ${requestId ?? "unknown"}.`
      default:
        return message
    }
  },
}

function describeEvent(
  { kind, count, changes }: AuditEvent,
  { count: times, isOther }: { count: string; isOther: boolean },
): string {
  const repeated = count === 1 ? "" : `, ${times} times`
  switch (kind) {
    case "apiKeyCreated":
      return "Created"
    case "apiKeyUpdated":
      return `Changed${changes ? `: ${Object.keys(changes).map(fieldName).join(", ")}` : ""}`
    case "apiKeyRotated":
      return isOther ? "Created to replace another key" : "Replaced with a new key"
    case "apiKeyImported":
      return "Imported"
    case "apiKeyRefused":
      return `Refused from an address that it does not allow${repeated}`
    case "apiKeyLeaked":
      return "Revoked, because it was reported as leaked"
    case "apiKeyRevoked":
      return "Revoked"
    default:
      return kind
  }
}

const FIELDS: Record<string, string> = {
  label: "label",
  scopes: "scopes",
  expiresAt: "expiry",
  allowedIps: "addresses",
  rateLimit: "limit",
  disabled: "disabled",
  metadata: "details",
  locked: "lock",
}

const fieldName = (name: string) => FIELDS[name] ?? name
