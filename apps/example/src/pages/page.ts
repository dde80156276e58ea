import { html } from "hono/html"
import type { HtmlEscapedString } from "hono/utils/html"

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/** A complete page, with a bundle of scripts and styles in `dist` or none. */
export const page = (title: string, content: Html, bundle?: string): Html => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${title} · Tidewater</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/assets/tidewater.css" />
    ${
      bundle === undefined
        ? ""
        : html`<link rel="stylesheet" href="/build/${bundle}.css" />
            <script type="module" src="/build/${bundle}.js"></script>`
    }
  </head>
  <body>
    ${content}
  </body>
</html>`
