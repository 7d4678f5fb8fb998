// Zoom, fit, layout and map: small buttons in the lower left corner.

import React from "react"
import { ControlButton, Controls, MiniMap, useReactFlow } from "@xyflow/react"

const Icon = ({ d }) => <svg viewBox="0 0 24 24" aria-hidden="true"><path d={d} /></svg>
const ICONS = {
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  minus: "M5 11h14v2H5z",
  fit: "M4 4h6v2H6v4H4zm10 0h6v6h-2V6h-4zM4 14h2v4h4v2H4zm14 0h2v6h-6v-2h4z",
  tree: "M3 9h6v6H3zM15 3h6v6h-6zM15 15h6v6h-6zM10 11h2V5h2v2h0V5h0v2h-0.500v10H14v2h-2v-6h-2z",
  map: "M3 5h18v14H3zm2 2v10h14V7zm7 4h5v4h-5z",
}

export function Tools({ send, map, setMap, several }) {
  const flow = useReactFlow()
  const button = (icon, label, act, pressed) => (
    <ControlButton onClick={act} title={label} aria-label={label} aria-pressed={pressed}>
      <Icon d={ICONS[icon]} />
    </ControlButton>
  )
  return (
    <>
      <Controls showZoom={false} showFitView={false} showInteractive={false} orientation="horizontal">
        {button("minus", "Zoom out", () => flow.zoomOut({ duration: 120 }))}
        {button("plus", "Zoom in", () => flow.zoomIn({ duration: 120 }))}
        {button("fit", "Fit the graph into the view", () => flow.fitView({ padding: 0.12, maxZoom: 1, duration: 200 }))}
        {button("tree", several ? "Lay the selection out anew" : "Lay the graph out anew", () => send("command", { name: "layout" }))}
        {button("map", "Map of the graph", () => setMap(!map), map)}
      </Controls>
      {map && (
        <MiniMap
          pannable zoomable ariaLabel="Map of the graph" nodeColor={node => node.data.color}
          nodeBorderRadius={8} style={{ width: 130, height: 90 }}
        />
      )}
    </>
  )
}
