// A population: name, kind and size, a live miniature, and a badge for its problems.

import React, { createContext, useContext, useRef } from "react"
import { Handle, Position } from "@xyflow/react"

//: What all boxes need to know besides their own data.
export const Shown = createContext({})

export function Box({ id, data }) {
  const { pictures, renaming, rename, joining, reasons } = useContext(Shown)
  const cannot = joining && reasons[id]
  return (
    <div
      className={`hx-box ${data.badge ? `hx-${data.badge.level}` : ""} ${cannot ? "hx-cannot" : ""}`}
      style={{ "--color": data.color }} title={cannot || undefined}
    >
      {data.receives && (
        <Handle type="target" id="in" position={Position.Left} aria-hidden="true" title={`input of ${id}`} />
      )}
      <div className="hx-title">
        {renaming === id
          ? <NameField name={id} done={rename} />
          : <span className="rf-node-label" title={id}>{id}</span>}
        {data.badge && <Badge {...data.badge} />}
      </div>
      <div className="hx-caption">{data.caption}</div>
      <Miniature picture={pictures[id]} />
      {data.sends && (
        <Handle type="source" id="out" position={Position.Right} aria-hidden="true" title={`output of ${id}: draw a line from here`} />
      )}
    </div>
  )
}

export function Badge({ level, text }) {
  return (
    <span className={`hx-badge hx-badge-${level}`} role="img" aria-label={`${level}: ${text}`} title={text}>
      {level === "error" ? "!" : "i"}
    </span>
  )
}

function NameField({ name, done }) {
  const told = useRef(false) // leaving the field is a blur, too
  const finish = next => {
    if (told.current) return
    told.current = true
    done(name, next.trim() || name)
  }
  const press = event => {
    event.stopPropagation()
    if (event.key === "Enter") finish(event.target.value)
    if (event.key === "Escape") finish(name)
  }
  return (
    <input
      className="hx-name nodrag nopan nokey" aria-label={`new name of ${name}`} autoFocus
      defaultValue={name} onFocus={event => event.target.select()} onKeyDown={press}
      onBlur={event => finish(event.target.value)}
      onDoubleClick={event => event.stopPropagation()} spellCheck={false}
    />
  )
}

function Miniature({ picture }) {
  const { width, height, path } = picture ?? { width: 84, height: 24, path: "" }
  return (
    <svg className="hx-mini" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={path} vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
