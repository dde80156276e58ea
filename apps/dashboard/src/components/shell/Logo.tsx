import { basePath } from "../../apiUrl.ts"
import { product } from "../../settings.ts"

/** The product's logo without the name, which must be next to it as text. */
export const Logo = ({ className = "size-7" }: { className?: string }) => (
  <img
    src={product.logo ?? `${basePath}/favicon.svg`}
    alt=""
    width="28"
    height="28"
    className={`shrink-0 object-contain ${className}`}
  />
)
