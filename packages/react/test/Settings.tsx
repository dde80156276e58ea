import { ApiKeys } from "../src/index.ts"

/** A page that a server renders too. */
export const Settings = () => <ApiKeys baseUrl="/latchkey" />
