import { type ComponentType, lazy, useState } from "react"

/**
 * A page whose script is loaded when it is first shown, or earlier by `preload`. Once the script is there, the page is shown
 * at once. A component of React's `lazy` would show its fallback first, and React keeps a fallback for 300 ms.
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
    // The same as long as the page is shown: another component would begin with a new state.
    const [Shown] = useState(() => (Loaded ?? Lazy) as ComponentType<Props>)
    return <Shown {...props} />
  }
  /** Failures are shown when the page is. */
  const preload = () => void loadOnce().catch(() => {})
  return Object.assign(Page, { preload })
}
