/** Options are invalid. The message names each and says what was expected. It never contains a value. */
export class OptionsError extends TypeError {
  override name = "OptionsError"

  constructor(problems: readonly string[]) {
    super(problems.join("\n"))
  }
}
