import { useQuery } from "@tanstack/react-query"
import { asUser } from "../session/session.ts"

/**
 * How the user's account is protected.
 *
 * @param options.isEnabled false for users who have no account here.
 */
export const useAccount = ({ isEnabled = true } = {}) =>
  useQuery({
    queryKey: ["account"],
    enabled: isEnabled,
    queryFn: ({ signal }) => asUser((latchkey) => latchkey.auth.account({ signal })),
  })
