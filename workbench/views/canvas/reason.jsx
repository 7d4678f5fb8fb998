// Says at the place why a connection cannot be, and what a started connection waits for.

import React from "react"
import { useConnection, ViewportPortal } from "@xyflow/react"

export function Reason({ refused, reasons }) {
  const line = useConnection()
  const over = line.inProgress && line.toHandle && line.isValid === false
  const text = over && reasons[line.toNode?.id]
  const at = text ? { ...line.to, text } : refused
  if (!at) return null
  return (
    <ViewportPortal>
      <div className="hx-reason" role="alert" style={{ transform: `translate(${at.x}px,${at.y + 14}px) translateX(-50%)` }}>
        {at.text}
      </div>
    </ViewportPortal>
  )
}

export function Banner({ joining, cancel }) {
  return (
    <div className="hx-banner" role="status">
      {joining && (
        <>
          <span>Connect <b>{joining}</b> to: click a box, or Tab to it and press Enter</span>
          <button type="button" onClick={cancel}>Cancel (Esc)</button>
        </>
      )}
    </div>
  )
}
