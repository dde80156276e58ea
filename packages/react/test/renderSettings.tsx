import { renderToString } from "react-dom/server"
import { Settings } from "./Settings.tsx"

export default renderToString(<Settings />)
