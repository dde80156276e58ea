import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { connect } from "@latchkey/test-postgres"
import { build } from "esbuild"
import { startLatchkey } from "../../server/test/startLatchkey.ts"

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** The policy of a page that allows no inline styles or scripts. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "require-trusted-types-for 'script'",
].join("; ")

/** A member of an organization, as the product's cookie names them: `org_42 user_7`, and `read` for viewers. */
const identify = (headers: Headers) => {
  const [subject, actor, manage] = decodeURIComponent(
    /(?:^|; )member=([^;]*)/.exec(headers.get("cookie") ?? "")?.[1] ?? "",
  ).split(" ")
  if (!subject || !actor) return null
  return {
    // A page may act for another of the member's organizations.
    subject: headers.get("x-organization") ?? subject,
    actor,
    ...(manage === "read" && { manage: "read" as const }),
  }
}

const read = (file: string) => readFile(path(file))

type ReactVersion = "18" | "19"

/** Bundles a script for a page that uses a version of React, or styles. */
const bundle = async (entry: string, version: ReactVersion = "19") => {
  const { outputFiles } = await build({
    absWorkingDir: path(".."),
    entryPoints: [path(entry)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
    alias: {
      "@latchkey/sdk": path("../../sdk/src/index.ts"),
      "@latchkey/contract": path("../../contract/src/index.ts"),
      ...(version === "18" && { react: "react-18", "react-dom": "react-dom-18" }),
    },
    nodePaths: [path("../../sdk/node_modules")],
  })
  return Buffer.from(outputFiles[0]?.contents ?? [])
}

/** The page as a server renders it, before any script has run. */
async function renderSettings(version: ReactVersion): Promise<string> {
  const code = await bundle("./renderSettings.tsx", version)
  const module = await import(/* @vite-ignore */ `data:text/javascript;base64,${code.toString("base64")}`)
  return module.default
}

/** A product that shows its users' keys on its pages, under a strict policy, with Latchkey under `/latchkey`. */
export async function startHost(
  postgresUrl: string,
  options: { scopes?: readonly ("reports:read" | "reports:write")[] } = {},
) {
  const started = await startLatchkey(postgresUrl, {
    identify,
    passwords: "off",
    adminSubjects: [{ issuer: "host", subject: "root" }],
    ...options,
  })
  const { latchkey } = started
  const files: Record<string, [type: string, content: Uint8Array]> = {
    "/page-18.js": ["text/javascript", await bundle("./page.tsx", "18")],
    "/page-19.js": ["text/javascript", await bundle("./page.tsx", "19")],
    "/styles.css": ["text/css", await bundle("../src/styles.css")],
    "/page.css": ["text/css", await read("./page.css")],
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost")
    const [type, content] = files[url.pathname] ?? []
    if (content) {
      response.setHeader("Content-Type", `${type}; charset=utf-8`)
      response.end(content)
      return
    }
    if (url.pathname === "/token") {
      const { searchParams } = url
      response.end(
        await host.token(searchParams.get("rejected") === "true", searchParams.get("organization")),
      )
      return
    }
    if (url.pathname.startsWith("/latchkey/")) {
      const body = ["GET", "HEAD"].includes(request.method ?? "") ? null : await readAll(request)
      const answer = await latchkey.fetch(
        new Request(new URL(request.url ?? "", `http://${request.headers.host}`), {
          method: request.method ?? "GET",
          headers: new Headers(request.headers as Record<string, string>),
          body: body && new Uint8Array(body),
        }),
        { address: "203.0.113.7" },
      )
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      response.end(Buffer.from(await answer.arrayBuffer()))
      return
    }
    const params = url.searchParams
    const version = params.get("react") === "18" ? "18" : "19"
    response.setHeader("Content-Type", "text/html; charset=utf-8")
    response.setHeader("Content-Security-Policy", POLICY)
    response.end(
      `<!doctype html><html lang="en" dir="${params.get("dir") ?? "ltr"}"><meta charset="utf-8"><title>Settings</title>` +
        '<meta name="viewport" content="width=device-width, initial-scale=1">' +
        '<link rel="stylesheet" href="/page.css"><link rel="stylesheet" href="/styles.css">' +
        `<body><main id="root">${params.has("ssr") ? await renderSettings(version) : ""}</main>` +
        `<script type="module" src="/page-${version}.js"></script>`,
    )
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  const sql = connect(started.database.url)

  const host = {
    url,
    latchkey,
    /** The backend's response to a page that asks for a token. */
    token: async (_wasRejected: boolean, _organization: string | null): Promise<string> => "",
    sql,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await sql.end()
      await started[Symbol.asyncDispose]()
    },
  }
  return host
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
