/** The stages of starting the server. */
export type StartStage = "dataFolder" | "database" | "metrics" | "listening"

/** The server could not start. The stage determines which variables may be at fault. */
export class StartFailure extends Error {
  override name = "StartFailure"
  readonly stage: StartStage

  constructor(stage: StartStage, cause: unknown) {
    super(`failed at ${stage}`, { cause })
    this.stage = stage
  }
}

/**
 * Runs the work of a stage.
 *
 * @throws {StartFailure} with the error of `work` as its cause.
 */
export async function during<Result>(stage: StartStage, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw new StartFailure(stage, error)
  }
}
