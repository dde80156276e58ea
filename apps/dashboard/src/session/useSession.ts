import { useSyncExternalStore } from "react"
import { getSessionState, onSessionChange } from "./session.ts"

export const useSession = () => useSyncExternalStore(onSessionChange, getSessionState)
