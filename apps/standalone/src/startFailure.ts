/** What the server does as it starts, one after the other. */
export type StartStage = "dataFolder" | "database" | "metrics" | "listening"

/** The server could not start. The cause says why, the stage which of the variables it is about. */
export class StartFailure extends Error {
  override name = "StartFailure"
  readonly stage: StartStage

  constructor(stage: StartStage, cause: unknown) {
    super(`failed at ${stage}`, { cause })
    this.stage = stage
  }
}

/** @throws {StartFailure} whose cause is whatever `work` failed with. */
export async function during<Result>(stage: StartStage, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw new StartFailure(stage, error)
  }
}
