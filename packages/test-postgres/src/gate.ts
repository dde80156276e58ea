export interface Gate {
  open(): void
  /** Resolves once the gate is open. */
  opened: Promise<void>
}

/** Holds a race open in a test until the test lets it continue. */
export function gate(): Gate {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), opened }
}
