// Keys on the canvas. They act on the box or line with the focus, else on the selection.

import { useCallback } from "react"

const COMMANDS = { a: "all", c: "copy", d: "duplicate", v: "paste", x: "cut" }

export function useKeyboard({
  flow, send, selected, joining, setJoining, join, startJoining, setRenaming,
}) {
  const onKeyDownCapture = useCallback(event => {
    if (!joining || typing(event)) return
    const box = boxOf(event)
    if (event.key === "Escape") setJoining(null)
    else if (event.key === "Enter" && box) join(joining, box)
    else return
    take(event)
  }, [joining, join, setJoining])

  const onKeyDown = useCallback(event => {
    if (typing(event) || event.altKey) return
    const key = event.key.toLowerCase()
    const box = boxOf(event), line = lineOf(event)
    const subject = box ?? line
    const names = subject && !selected.includes(subject) ? [subject] : selected
    if (event.ctrlKey || event.metaKey) {
      if (!COMMANDS[key] || event.shiftKey) return
      take(event)
      send("command", { name: COMMANDS[key], names })
      return
    }
    if (event.target.closest("button")) return
    const boxes = names.filter(name => flow.getNode(name))
    const acts = {
      delete: () => send("command", { name: "delete", names }),
      backspace: () => send("command", { name: "delete", names }),
      enter: () => subject && selected.includes(subject) && send("open", { name: subject }),
      f2: () => boxes.length === 1 && setRenaming(boxes[0]),
      c: () => boxes.length === 1 && startJoining(boxes[0]),
      w: () => line && send("weights", { name: line }),
      "+": () => flow.zoomIn(),
      "-": () => flow.zoomOut(),
      f: () => flow.fitView({ padding: 0.12, maxZoom: 1 }),
    }
    if (!acts[key]) return
    take(event)
    acts[key]()
  }, [flow, selected, send, setRenaming, startJoining])

  return { onKeyDown, onKeyDownCapture }
}

function take(event) {
  event.preventDefault()
  event.stopPropagation()
}

const typing = event => /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
const boxOf = event => event.target.closest(".react-flow__node")?.dataset.id
const lineOf = event => event.target.closest(".react-flow__edge")?.dataset.id
