import { expect, test } from "vitest"
import { toPlainRequest } from "./toPlainRequest.ts"

const body = () => new Blob(["{}"]).stream()
const newRequest = () =>
  new Request("http://localhost/a?b", {
    method: "DELETE",
    headers: { "x-api-key": "key" },
    body: body(),
    duplex: "half",
  } as RequestInit)

/** As Next passes it to a route handler. */
const proxyOf = (request: Request) =>
  new Proxy(request, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      return typeof value === "function" ? value.bind(target) : value
    },
  })

test("a Proxy of a request becomes a request that can be copied, with its body", async () => {
  const plain = new Request(toPlainRequest(proxyOf(newRequest())))
  expect(plain).toMatchObject({ url: "http://localhost/a?b", method: "DELETE" })
  expect(plain.headers.get("x-api-key")).toBe("key")
  expect(await plain.text()).toBe("{}")
})

test("one of Node's own requests stays as it is", () => {
  const request = newRequest()
  expect(toPlainRequest(request)).toBe(request)
})
