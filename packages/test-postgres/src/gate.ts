export interface Gate {
  open(): void
  /** Resolves once the gate is open. */
  opened: Promise<void>
}

/** Holds a race at one point until the test opens the gate. */
export function gate(): Gate {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), opened }
}
