import { openAuth } from "./parts/fixedCaller.ts"
import { serveWithFetchAdapter } from "./parts/stockHost.ts"

serveWithFetchAdapter(openAuth)
