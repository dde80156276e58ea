import { useMemo } from "react"
import { encode } from "uqr"

/** The number of white modules around the code (ISO/IEC 18004). */
const QUIET_ZONE = 4

/**
 * A QR code, dark on white in every theme, because scanners need that contrast. It is one path, because the page allows
 * no inline styles.
 */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => {
    const { data, size } = encode(text, { ecc: "L", border: QUIET_ZONE })
    const dark = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    return { size, path: dark.join("") }
  }, [text])
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="size-52 rounded-lg border border-line"
    >
      <path fill="#fff" d={`M0 0h${size}v${size}H0z`} />
      <path fill="#000" d={path} />
    </svg>
  )
}
