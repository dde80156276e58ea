import { getTRPCErrorFromUnknown, getTRPCErrorShape, TRPCError } from "@trpc/server"
import type { z } from "zod"
import { appRouter } from "./appRouter.ts"
import type { Context } from "./context.ts"
import type { Meta } from "./procedures.ts"

// The only file that reads tRPC's internal `_def`.

const { _config: config, procedures } = appRouter._def

/** A procedure as tRPC's adapters call it. Every middleware copies the options, so procedures have few. */
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

/** tRPC keeps a router's procedures in a flat record, although the type is nested. */
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

/** The kind of a procedure; undefined for an unknown path. */
export const procedureKind = (path: string): ProcedureKind | undefined =>
  byPath.get(path)?._def.type as ProcedureKind | undefined

/**
 * Calls a procedure as tRPC's adapters do.
 *
 * @throws {TRPCError} the procedure's error, or `NOT_FOUND` if there is no procedure of this path and kind.
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

/** An error as tRPC clients receive it. */
export const formatTrpcError = (
  error: TRPCError,
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

/** Encodes a result or an error with the router's transformer. */
export const serializeOutput = (data: unknown) => config.transformer.output.serialize(data)

/**
 * Decodes an input with the router's transformer.
 *
 * @throws {TypeError} for annotations that no procedure accepts.
 */
export const deserializeInput = (input: unknown): unknown =>
  config.transformer.input.deserialize(input as never)
