// The kinds of population: a click adds one, dragging places it.

import React from "react"

export const DRAG_TYPE = "application/x-hx-population"

export function Palette({ kinds, send, empty }) {
  const drag = kind => event => {
    event.dataTransfer.setData(DRAG_TYPE, kind)
    event.dataTransfer.effectAllowed = "copy"
  }
  return (
    <>
      <div className="hx-palette" role="toolbar" aria-label="Add a population">
        {kinds.map(({ kind, word, help }) => (
          <button
            key={kind} type="button" draggable onDragStart={drag(kind)} title={help}
            onClick={() => send("add", { kind })}
          >+ {word}</button>
        ))}
      </div>
      {empty && (
        <div className="hx-empty">
          <strong>Nothing is here yet</strong>
          <p>Click <b>+ Input</b> and <b>+ LIF</b>, or drag them to their place. Then draw a
          line from the right edge of one box to the next box.</p>
          <p>Or choose an example in the menu above.</p>
        </div>
      )}
    </>
  )
}
