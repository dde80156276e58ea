import { parse, serialize } from "hono/utils/cookie"

const NAME = "tidewater"

export const readSignInCookie = (headers: Pick<Headers, "get">): string | undefined =>
  parse(headers.get("cookie") ?? "", NAME)[NAME]

export const signInCookie = (token: string): string =>
  serialize(NAME, token, { httpOnly: true, sameSite: "Lax", path: "/" })

export const expiredSignInCookie = (): string => serialize(NAME, "", { path: "/", maxAge: 0 })
