#!/usr/bin/env node
import { runCommand } from "./runCommand.ts"

// Nobody reads the output any more, or the disk is full.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(1))

process.exitCode = await runCommand(process.argv.slice(2), {
  variables: process.env,
  print: (line) => void process.stdout.write(`${line}\n`),
  printError: (line) => void process.stderr.write(`${line}\n`),
  showProgress: process.stderr.isTTY ? (text) => void process.stderr.write(`\r\u001b[K${text}`) : undefined,
})
