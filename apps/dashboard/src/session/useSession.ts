import { useSyncExternalStore } from "react"
import { getSessionState, onSessionChange } from "./state.ts"

export const useSession = () => useSyncExternalStore(onSessionChange, getSessionState)
