import type { ListedUser } from "@latchkey/sdk"

/** The effect of disabling or erasing a user on their keys. */
export function stoppedKeys({ activeKeys }: ListedUser): string {
  if (activeKeys === 0) return "They have no active keys."
  return `${activeKeys === 1 ? "1 active key stops" : `${activeKeys} active keys stop`} working immediately.`
}
