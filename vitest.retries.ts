import type { Reporter, TestModule } from "vitest/node"

/** Reports at the end each test that passed only when it was run again, and why it had failed before. */
export default class ReportRetries implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]) {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (!test.diagnostic()?.flaky) continue
        const [failure] = test.result().errors ?? []
        const reason = failure?.message.split("\n", 1)[0] ?? ""
        process.stdout.write(
          `Passed only when run again: ${module.relativeModuleId} > ${test.fullName}: ${reason}\n`,
        )
      }
    }
  }
}
