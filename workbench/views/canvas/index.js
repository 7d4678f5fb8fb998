// What Panel expects of a compiled component: its module, React and createRoot.
import * as React from "react"
import { createRoot } from "react-dom/client"
import * as GraphCanvas from "./canvas.jsx"

export default { GraphCanvas, React, createRoot }
