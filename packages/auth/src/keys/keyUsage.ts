import type { DailyUsage, UsageOfApiKeys } from "@latchkey/contract"
import { type Database, findUsageOfApiKey, findUsageOfOwner, type OwnerIdentity } from "@latchkey/db"
import { isUuid } from "../isUuid.ts"

type Owner = Pick<OwnerIdentity, "id">

/** How often an owner's keys were used. */
export interface KeyUsage {
  /** One item for each of the last `days`; undefined if the owner has no such key, active or not. */
  ofKey(owner: Owner, input: { id: string; days: number }): Promise<DailyUsage[] | undefined>
  /** Of all active keys. */
  ofAll(owner: Owner, input: { days: number }): Promise<UsageOfApiKeys>
}

/** More than a chart shows. */
const MAX_KEYS = 1_000

export function createKeyUsage(db: Database): KeyUsage {
  return {
    async ofKey({ id: ownerId }, { id, days }) {
      const usage = isUuid(id) ? await findUsageOfApiKey(db, { ownerId, id, days }) : null
      if (!usage) return undefined
      const byDay = new Map(usage.days.map((of) => [of.day, of]))
      return lastDates(usage.today, days).map((date) => {
        const { accepted = 0, limited = 0 } = byDay.get(date) ?? {}
        return { date, accepted, limited }
      })
    },

    async ofAll({ id: ownerId }, { days }) {
      const { today, keys } = await findUsageOfOwner(db, { ownerId, days, limit: MAX_KEYS })
      const dates = lastDates(today, days)
      const items = keys.map(({ apiKeyId, days: used }) => {
        const byDay = new Map(used.map((of) => [of.day, of]))
        const of = (field: "accepted" | "limited") => dates.map((date) => byDay.get(date)?.[field] ?? 0)
        return { apiKeyId, accepted: of("accepted"), limited: of("limited") }
      })
      return { dates, items }
    },
  }
}

const DAY_MS = 86_400_000

/** The dates of the last `days`, oldest first. */
const lastDates = (today: string, days: number) =>
  Array.from({ length: days }, (_, index) =>
    new Date(Date.parse(today) - (days - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  )
