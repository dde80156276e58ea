import { DatabaseUnavailable } from "../../databaseUnavailable.ts"
import { codedError } from "../codedError.ts"
import type { Connection } from "../openConnection.ts"
import type { Permit } from "../permit.ts"
import type { Statement } from "../sqlClient.ts"
import { type Lineage, timelineOf } from "./lineage.ts"

/** Refuses reads from an old primary after another server was promoted. */
export interface StandbyFence {
  /**
   * Runs a read, and asks all servers at the same time whether they are the primary.
   *
   * @throws {DatabaseUnavailable} unless all have answered, and exactly one is the primary, which was read.
   */
  guard<Result>(read: () => Promise<Result>, permit: Pick<Permit, "server">): Promise<Result>
  close(): Promise<void>
}

/** One of the servers of a cluster. */
interface Member {
  /** Resolves with a connection that was opened before, if there is one. */
  connected(): Promise<Connection>
  close(): Promise<void>
}

/** Milliseconds that a server has for its answer, and the pause before a connection is tried again. */
const [ANSWER_MS, PAUSE_MS] = [1_000, 250]

/** Any role may read it. */
const ASK: Statement = {
  text: `
    select system_identifier::text, case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8) end
    from pg_control_system()`,
  prepare: true,
  asArrays: true,
}

/**
 * An old primary that was frozen or cut off still takes itself for the primary, and nothing in its own state says otherwise.
 * But if all servers that may be promoted answer after a request has arrived, and only one is the primary, no other server
 * can have acknowledged a revocation before the request. That one has to be the server that was read: an old primary may have
 * given its name to another server.
 *
 * @param connects open a connection to each server that may be the primary, now or after a failover.
 * @param onOtherPrimary called if another server is the primary than the one that was read.
 */
export function createStandbyFence(
  connects: readonly (() => Promise<Connection>)[],
  onOtherPrimary: (primary: Lineage) => void,
): StandbyFence {
  const members = connects.map(createMember)
  return {
    async guard(read, permit) {
      const connections = await Promise.all(members.map((member) => member.connected())).catch(giveUp)
      const asked = Promise.all(connections.map(ask)).catch(giveUp)
      const [result, answers] = await Promise.all([read(), asked])
      const primary = requireOnePrimary(answers)
      if (isSame(primary, permit.server)) return result
      onOtherPrimary(primary)
      throw new DatabaseUnavailable("another server is the primary than the one that was read")
    },
    close: async () => void (await Promise.all(members.map((member) => member.close()))),
  }
}

function giveUp(cause: unknown): never {
  throw new DatabaseUnavailable("a server does not say whether it is the primary", { cause })
}

interface Answer {
  /** Shared by the servers of a cluster. */
  system: string
  /** Null for a standby. */
  timeline: number | null
}

async function ask(connection: Connection): Promise<Answer> {
  const timer = setTimeout(
    () => connection.destroy(codedError("ETIMEDOUT", "the server did not answer in time")),
    ANSWER_MS,
  )
  try {
    const [[system, timeline] = []] = (await connection.send(ASK)) as [string, string | null][]
    if (system === undefined || timeline === undefined)
      throw new TypeError("the server did not identify itself")
    return { system, timeline: timeline === null ? null : timelineOf(timeline) }
  } finally {
    clearTimeout(timer)
  }
}

function requireOnePrimary(answers: readonly Answer[]): Lineage {
  const primaries = answers.flatMap(({ system, timeline }) =>
    timeline === null ? [] : [{ system, timeline }],
  )
  const [primary] = primaries
  if (!primary || primaries.length > 1)
    throw new DatabaseUnavailable(`${primaries.length} servers take themselves for the primary`)
  if (new Set(answers.map(({ system }) => system)).size > 1)
    throw new DatabaseUnavailable("the servers of the fence are not of one cluster")
  return primary
}

const isSame = (primary: Lineage, server: Lineage | null) =>
  primary.system === server?.system && primary.timeline === server.timeline

function createMember(connect: () => Promise<Connection>): Member {
  let connection: Connection | undefined
  let connecting: Promise<Connection> | undefined
  let failure: { error: unknown; at: number } | undefined
  let isClosed = false

  async function open(): Promise<Connection> {
    if (isClosed) throw new DatabaseUnavailable("the pool is closed")
    if (failure && performance.now() - failure.at < PAUSE_MS) throw failure.error
    try {
      connection = await connect()
      failure = undefined
    } catch (error) {
      failure = { error, at: performance.now() }
      throw error
    }
    if (!connection.keepsSettings) {
      await connection.close()
      throw new DatabaseUnavailable("the fence needs connections without a pooler")
    }
    connection.unref()
    return connection
  }

  return {
    async connected() {
      if (connection && !connection.isLost) return connection
      connecting ??= open().finally(() => {
        connecting = undefined
      })
      return connecting
    },
    async close() {
      isClosed = true
      await connecting?.catch(() => {})
      await connection?.close()
    },
  }
}
