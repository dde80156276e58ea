import { readFileSync } from "node:fs"
import { arch, cpus, platform, release, totalmem } from "node:os"
import type { Cores } from "./cores.ts"

/** The machine and software that the figures were measured on. */
export interface Machine {
  processor: string
  cores: number
  memoryGb: number
  system: string
  node: string
  postgres: string
  /** Whether the server was pinned to its own core. */
  pinned: boolean
  measuredAt: string
}

export function describeMachine(postgres: string, cores: Cores | null): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${distribution() ?? platform()} (${platform()} ${release()}, ${arch()})`,
    node: process.versions.node,
    postgres,
    pinned: cores !== null,
    measuredAt: new Date().toISOString(),
  }
}

function distribution(): string | undefined {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1]
  } catch {
    return undefined
  }
}
