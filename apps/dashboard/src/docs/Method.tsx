const COLORS: Readonly<Record<string, string>> = {
  GET: "bg-ok-soft text-ok",
  POST: "bg-sunken text-accent",
  DELETE: "bg-danger-soft text-danger",
}

/** An HTTP method. */
export const Method = ({ children }: { children: string }) => (
  <span
    className={`inline-flex h-5 shrink-0 items-center rounded px-1.5 font-mono text-[0.6875rem] font-semibold ${COLORS[children] ?? "bg-warn-soft text-warn"}`}
  >
    {children}
  </span>
)
