import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { codeBlock, codeBlocks, connect } from "@latchkey/test-postgres"
import { expect, inject, onTestFinished, test } from "vitest"
import { newSecret, register } from "../testServer.ts"

const builtServer = fileURLToPath(new URL("../../dist/main.js", import.meta.url))

/** The page's commands with unique names, since roles belong to the whole PostgreSQL server. */
const withNames = (sql: string, name: string) =>
  sql.replaceAll("latchkey", name).replaceAll("'…'", "'a password'").trim().split(";\n").filter(Boolean)

/** Starts the built server with the page's commands. Resolves with its URL. */
async function startAsShown(databaseUrl: string) {
  const commands = codeBlock("docs/production.md", "sh", "Start with PostgreSQL")
    .replace("AUTH_SECRET=…", `AUTH_SECRET=${newSecret()}`)
    .replace("postgres://latchkey:…@db:5432/latchkey", databaseUrl)
    .replace("npm start", `exec '${process.execPath}' '${builtServer}'`)
  const child = spawn("sh", ["-ec", commands], {
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  for await (const line of createInterface(child.stdout)) {
    const { url } = JSON.parse(line)
    if (url) return url as string
  }
  throw new Error("the server did not start")
}

test("the page's role and database are enough to serve, and so is its schema in another product's database", async () => {
  const admin = connect(inject("postgresUrl"))
  const [roleAndDatabase = "", schema = ""] = codeBlocks(
    "docs/postgresql.md",
    "sql",
    "Create the role and the database",
  )
  const own = `own_${randomUUID().replaceAll("-", "")}`
  const product = `product_${randomUUID().replaceAll("-", "")}`
  const urlOf = (database: string) => {
    const url = new URL(inject("postgresUrl"))
    url.username = own
    url.password = "a password"
    url.pathname = database
    return url.href
  }
  for (const statement of withNames(roleAndDatabase, own)) await admin.unsafe(statement)
  expect((await register(await startAsShown(urlOf(own)))).user.role).toBe("user")

  await admin.unsafe(`create database ${product}`)
  const productUrl = new URL(inject("postgresUrl"))
  productUrl.pathname = product
  const inProduct = connect(productUrl.href)
  await inProduct.unsafe(schema.replace("authorization latchkey", `authorization ${own}`))
  await inProduct.end()
  expect((await register(await startAsShown(urlOf(product)))).user.role).toBe("user")
  onTestFinished(async () => {
    for (const database of [own, product]) await admin.unsafe(`drop database ${database} with (force)`)
    await admin.unsafe(`drop role ${own}`)
    await admin.end()
  })
})
