export type { Source } from "@latchkey/db"
