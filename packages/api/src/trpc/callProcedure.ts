import {
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
  TRPCError,
  type TRPCError as TrpcError,
} from "@trpc/server"
import type { z } from "zod"
import { appRouter } from "./appRouter.ts"
import type { Context } from "./context.ts"
import type { Meta } from "./procedures.ts"

// The only file that reads tRPC's internal `_def`.

const { _config: config, procedures } = appRouter._def

/** A procedure as tRPC's adapters call it. Each of its layers copies the options, so there are few. */
interface Procedure {
  _def: { type: string; meta?: Meta; inputs: z.ZodType[]; output?: z.ZodType }
  (options: {
    path: string
    type: ProcedureKind
    ctx: Context
    getRawInput: () => Promise<unknown>
  }): Promise<unknown>
}

export type ProcedureKind = "query" | "mutation"

/** tRPC keeps a router's procedures in one flat record, although its type is nested. */
const byPath = new Map(Object.entries(procedures as unknown as Record<string, Procedure>))

export interface ProcedureDescription {
  path: string
  kind: ProcedureKind
  meta: Meta
  input: z.ZodType | undefined
  output: z.ZodType | undefined
}

/** Every procedure of the router. */
export const procedureDescriptions: readonly ProcedureDescription[] = [...byPath].map(([path, { _def }]) => ({
  path,
  kind: _def.type as ProcedureKind,
  meta: _def.meta ?? {},
  input: _def.inputs[0],
  output: _def.output,
}))

/** Undefined for a path that is no procedure's. */
export const procedureKind = (path: string): ProcedureKind | undefined =>
  byPath.get(path)?._def.type as ProcedureKind | undefined

/**
 * Calls a procedure as tRPC's adapters do.
 *
 * @throws {TRPCError}
 */
export async function callProcedure(
  path: string,
  options: { kind: ProcedureKind; ctx: Context; getRawInput: () => Promise<unknown> },
): Promise<unknown> {
  const procedure = byPath.get(path)
  if (procedure?._def.type !== options.kind) throw new TRPCError({ code: "NOT_FOUND" })
  const { kind: type, ctx, getRawInput } = options
  try {
    return await procedure({ path, type, ctx, getRawInput })
  } catch (cause) {
    throw getTRPCErrorFromUnknown(cause)
  }
}

/** An error as clients get it over tRPC. */
export const formatTrpcError = (
  error: TrpcError,
  ctx: Context,
  call?: { path: string; kind: ProcedureKind },
) =>
  getTRPCErrorShape({
    config,
    error,
    type: call?.kind ?? "unknown",
    path: call?.path,
    input: undefined,
    ctx,
  })

export const serializeOutput = (data: unknown) => config.transformer.output.serialize(data)

/** @throws when the input has annotations that no procedure takes. */
export const deserializeInput = (input: unknown): unknown =>
  config.transformer.input.deserialize(input as never)
