import { type ComponentType, lazy, useState } from "react"

/**
 * A page whose script is loaded when the page is first shown, or earlier by `preload`. Once the script is loaded, the
 * page appears at once. A component of React's `lazy` would show its fallback first, and React keeps a fallback for 300
 * ms.
 *
 * @param load imports the page.
 */
export function lazyPage<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let Loaded: ComponentType<Props> | undefined
  const loadOnce = async () => {
    Loaded ??= await load()
    return Loaded
  }
  const Lazy = lazy(async () => ({ default: (await loadOnce()) as ComponentType<object> }))

  // biome-ignore lint/correctness/noComponentHookFactories: made once for each page, when the module is loaded
  function Page(props: Props) {
    // Stays the same while the page is shown, because another component would start with a new state.
    const [Shown] = useState(() => (Loaded ?? Lazy) as ComponentType<Props>)
    return <Shown {...props} />
  }
  /** Ignores failures, which appear when the page is shown. */
  const preload = () => void loadOnce().catch(() => {})
  return Object.assign(Page, { preload })
}
