// A projection: an arrow excites, a bar inhibits, both together do both.
//
// Forward lines are curves, backward lines pass below their boxes, and a line from a box
// to itself is a loop above it.

import React from "react"
import { BaseEdge, EdgeLabelRenderer, getBezierPath, useInternalNode } from "@xyflow/react"
import { Badge } from "./box.jsx"

const HEAD = 11 // px from the port to where the line ends

export function Arrow({ id, source, target, sourceX, sourceY, targetX, targetY, data, selected }) {
  const from = useInternalNode(source), to = useInternalNode(target)
  // Two lines between the same boxes, there and back, pass at different heights.
  const bottom = Math.max(bottomOf(from), bottomOf(to)) + (topOf(from) < topOf(to) ? 12 : 0)
  const top = topOf(from)
  const end = { x: targetX - HEAD, y: targetY }
  const [path, labelX, labelY] = lineOf(
    { x: sourceX, y: sourceY }, end, { loop: source === target, bottom, top })
  return (
    <g className={`hx-arrow ${selected ? "selected" : ""}`} style={{ "--color": data.color }}>
      <title>{data.words}</title>
      {selected && <path className="hx-halo" d={path} style={{ strokeWidth: data.width + 7 }} />}
      <BaseEdge
        id={id} path={path} interactionWidth={16}
        style={{ stroke: "var(--color)", strokeWidth: data.width, strokeDasharray: data.dashed ? "7 4" : undefined }}
      />
      <Head x={targetX - 1} y={targetY} sign={data.sign} />
      {data.badge && (
        <EdgeLabelRenderer>
          <div className="hx-edge-badge" style={{ transform: `translate(-50%,-50%) translate(${labelX}px,${labelY}px)` }}>
            <Badge {...data.badge} />
          </div>
        </EdgeLabelRenderer>
      )}
    </g>
  )
}

function Head({ x, y, sign }) {
  const bar = x - (sign === "mixed" ? 11.5 : 6)
  return (
    <>
      {sign !== "inhibitory" && <path className="hx-head" d={`M${x - 10} ${y - 5.5}L${x - 1} ${y}L${x - 10} ${y + 5.5}Z`} />}
      {sign !== "excitatory" && <path className="hx-bar" d={`M${bar} ${y - 7}V${y + 7}`} />}
    </>
  )
}

//: The line while it is drawn with the mouse.
export function DrawnLine({ fromX, fromY, toX, toY, connectionStatus }) {
  const [path] = getBezierPath({ sourceX: fromX, sourceY: fromY, targetX: toX, targetY: toY })
  return <path className={`hx-drawn ${connectionStatus ?? ""}`} d={path} />
}

function lineOf(a, b, { loop, bottom, top }) {
  if (loop) {
    const y = top - 26, x = (a.x + b.x) / 2
    const d = `M${a.x} ${a.y}C${a.x + 34} ${a.y},${a.x + 34} ${y},${a.x - 8} ${y}`
      + `L${b.x + 8} ${y}C${b.x - 34} ${y},${b.x - 34} ${b.y},${b.x} ${b.y}`
    return [d, x, y]
  }
  if (b.x < a.x + 8) {
    const y = bottom + 22
    const d = `M${a.x} ${a.y}C${a.x + 44} ${a.y},${a.x + 44} ${y},${a.x - 4} ${y}`
      + `L${b.x + 4} ${y}C${b.x - 44} ${y},${b.x - 44} ${b.y},${b.x} ${b.y}`
    return [d, (a.x + b.x) / 2, y]
  }
  return getBezierPath({ sourceX: a.x, sourceY: a.y, targetX: b.x, targetY: b.y })
}

const topOf = node => node?.internals.positionAbsolute.y ?? 0
const bottomOf = node => topOf(node) + (node?.measured.height ?? 70)
