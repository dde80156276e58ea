import { withoutDirections } from "@latchkey/react/internal"
import type { AuditEvent } from "@latchkey/sdk"
import type { IconName } from "../components/Icon.tsx"

interface Description {
  title: string
  icon: IconName
  /** Whether the account's owner should look into the event. */
  isAlarming?: boolean
}

/** Describes an audit event to the owner of the account. */
export function describeEvent(event: AuditEvent): Description {
  const { kind, count, subject } = event
  const who = event.byAdministrator ? "An administrator" : ""
  switch (kind) {
    case "registered":
      return { title: "Created the account", icon: "check" }
    case "loggedIn":
      return { title: "Signed in", icon: "device" }
    case "loginFailed":
      return { title: `Wrong password${times(count)}`, icon: "warning", isAlarming: true }
    case "refreshTokenReused":
      return { title: "Ended a session that may have been copied", icon: "warning", isAlarming: true }
    case "loggedOut":
      return { title: "Signed out", icon: "signOut" }
    case "sessionRevoked":
      return {
        title: subject?.label ? `Ended a session on ${subject.label}` : "Ended another session",
        icon: "signOut",
      }
    case "otherSessionsRevoked":
      return { title: `Ended ${count} other ${count === 1 ? "session" : "sessions"}`, icon: "signOut" }
    case "oldestSessionsEnded":
      return {
        title: `Ended the oldest ${count === 1 ? "session" : `${count} sessions`}: there were too many`,
        icon: "signOut",
      }
    case "passwordChanged":
      return { title: "Changed the password", icon: "lock" }
    case "passwordChangeFailed":
      return {
        title: `Wrong password when changing it${times(count)}`,
        icon: "warning",
        isAlarming: true,
      }
    case "passwordResetRequested":
      return {
        title: sentence(who, "requested a link to set a new password"),
        icon: "lock",
        isAlarming: true,
      }
    case "passwordReset":
      return { title: "Set a new password with a link", icon: "lock", isAlarming: true }
    case "emailVerified":
      return { title: "Verified the email address", icon: "check" }
    case "secondFactorEnabled":
      return { title: "Set up the second factor", icon: "lock" }
    case "secondFactorDisabled":
      return { title: sentence(who, "removed the second factor"), icon: "lock", isAlarming: true }
    case "secondFactorFailed":
      return { title: `A second-factor check failed${times(count)}`, icon: "warning", isAlarming: true }
    case "recoveryCodesRenewed":
      return { title: "Replaced the recovery codes", icon: "lock" }
    case "recoveryCodeUsed":
      return { title: "Used a recovery code", icon: "warning", isAlarming: true }
    case "apiKeyCreated":
      return { title: `Created the key ${quote(subject)}`, icon: "key" }
    case "apiKeyUpdated":
      return { title: sentence(who, `changed the key ${quote(subject)}`), icon: "key" }
    case "apiKeyRotated":
      return { title: sentence(who, `replaced the key ${quote(subject)} with a new one`), icon: "key" }
    case "apiKeyImported":
      return { title: `Imported the key ${quote(subject)}`, icon: "key" }
    case "apiKeyRefused":
      return {
        title: `Refused the key ${quote(subject)} from an address that it does not allow${times(count)}`,
        icon: "warning",
        isAlarming: true,
      }
    case "apiKeyLeaked":
      return {
        title: `Revoked the key ${quote(subject)}, which was reported as leaked`,
        icon: "warning",
        isAlarming: true,
      }
    case "apiKeyRevoked":
      return { title: sentence(who, `revoked the key ${quote(subject)}`) + byItself(event), icon: "key" }
    case "ownerTokenCreated":
      return { title: "Opened API key management", icon: "key" }
    case "userDisabled":
      return { title: sentence(who, "disabled the account"), icon: "lock", isAlarming: true }
    case "userEnabled":
      return { title: sentence(who, "enabled the account"), icon: "check" }
    case "userErased":
      return { title: sentence(who, "erased the account"), icon: "lock", isAlarming: true }
  }
}

const times = (count: number) => (count === 1 ? "" : `, ${count.toLocaleString("en")} times`)

const quote = (subject: AuditEvent["subject"]) => `“${withoutDirections(subject?.label ?? "")}”`

const sentence = (who: string, what: string) =>
  who === "" ? what.charAt(0).toUpperCase() + what.slice(1) : `${who} ${what}`

const byItself = ({ via, credentialId, subject }: AuditEvent) =>
  via === "apiKey" && credentialId === subject?.id ? " with the key itself" : ""

/** The actor, and the origin of the event; empty for actions of administrators, whose address is not disclosed. */
export function describePlace(event: AuditEvent): string {
  if (event.byAdministrator) return ""
  return event.actor === null ? placeOf(event) : `${withoutDirections(event.actor)} · ${placeOf(event)}`
}

function placeOf({ via, device, address }: AuditEvent): string {
  if (via === "server") return "The product’s server"
  if (address === null) return "Many addresses"
  return `${device ?? "Unknown device"} · ${address}`
}
