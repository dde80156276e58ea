export type SnippetLanguage = "env" | "curl" | "javascript" | "python" | "go"

interface Example {
  /** Latchkey's absolute URL. */
  baseUrl: string
  /** An address of the product's API. Without it, the examples call Latchkey. */
  apiUrl: string | undefined
  /** The environment variable that holds the key. */
  variable: string
}

/**
 * Complete programs that call the API with a key from the environment, because a secret must not get into a shell's
 * history.
 */
export function createSnippets({
  baseUrl,
  apiUrl,
  variable,
}: Example): Record<Exclude<SnippetLanguage, "env">, string> {
  const url = apiUrl ?? `${baseUrl}/auth/me`
  const quoted = JSON.stringify(url)
  return {
    curl: `curl '${url.replaceAll("'", "%27")}' \\\n  -H "X-API-Key: $${variable}"`,
    javascript: apiUrl === undefined ? sdkExample(baseUrl, variable) : fetchExample(quoted, variable),
    python: `import os
import urllib.request

request = urllib.request.Request(
    ${quoted},
    headers={"X-API-Key": os.environ["${variable}"]},
)
with urllib.request.urlopen(request) as response:
    print(response.status, response.read().decode())`,
    go: `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	request, err := http.NewRequest("GET", ${quoted}, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("X-API-Key", os.Getenv("${variable}"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status, string(body))
}`,
  }
}

const sdkExample = (baseUrl: string, variable: string) => `// example.mjs, after: npm install @latchkey/sdk
import { createLatchkey } from "@latchkey/sdk"

const latchkey = createLatchkey({
  baseUrl: ${JSON.stringify(baseUrl)},
  apiKey: process.env.${variable},
})

console.log(await latchkey.auth.me())`

const fetchExample = (quoted: string, variable: string) => `// example.mjs
const response = await fetch(${quoted}, {
  headers: { "X-API-Key": process.env.${variable} },
})

console.log(response.status, await response.text())`
