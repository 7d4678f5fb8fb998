// The canvas: draws what Python gives and tells Python what the user does.
//
// It keeps nothing but what is under way: places while boxes are dragged, the name being
// typed, the line being drawn. A gesture is a message; the answer is a new drawing.

import React, { useCallback, useEffect, useMemo, useRef, useState } from "react"
import {
  Background, ConnectionMode, Panel, ReactFlow, ReactFlowProvider, useEdgesState,
  useNodesInitialized, useNodesState, useReactFlow,
} from "@xyflow/react"
import "@xyflow/react/dist/style.css"
import "./canvas.css"
import { Tools } from "./tools.jsx"
import { Box, Shown } from "./box.jsx"
import { Arrow, DrawnLine } from "./arrow.jsx"
import { Palette, DRAG_TYPE } from "./palette.jsx"
import { Banner, Reason } from "./reason.jsx"
import { useKeyboard } from "./keyboard.js"

const BOXES = { box: Box }
const ARROWS = { arrow: Arrow }
const SEVERAL = ["Shift", "Control", "Meta"]

export function render({ model }) {
  return <ReactFlowProvider><Canvas model={model} /></ReactFlowProvider>
}

function Canvas({ model }) {
  const boxes = useJson(model, "boxes")
  const arrows = useJson(model, "arrows")
  const pictures = useJson(model, "pictures")
  const [selected, setSelected] = model.useState("selected")
  const [dark] = model.useState("dark")
  const [opened] = model.useState("opened")
  const [drawn] = model.useState("drawn")
  const [kinds] = model.useState("kinds")
  const [map, setMap] = model.useState("map_shown")
  const [nodes, setNodes, changeNodes] = useNodesState(asNodes(boxes, selected, []))
  const [edges, setEdges, changeEdges] = useEdgesState(asEdges(arrows, selected, []))
  const [renaming, setRenaming] = useState(null)
  const [joining, setJoining] = useState(null) // name of the box a line starts from
  const [refused, setRefused] = useState(null) // {x, y, text}
  const [reasons, setReasons] = useState({})
  const known = useRef(reasons) // React Flow keeps the callbacks that a line began with
  known.current = reasons
  const frame = useRef(null)
  const focusNext = useRef(null)
  const joined = useRef({ x: 0, y: 0 }) // where the last connection ended
  const begun = useRef(null) // name of the box that a line is drawn from
  const flow = useReactFlow()
  const send = useCallback((type, more = {}) => model.send_msg({ type, ...more }), [model])

  useEffect(() => setNodes(old => asNodes(boxes, selected, old)), [boxes, selected, drawn])
  useEffect(() => setEdges(old => asEdges(arrows, selected, old)), [arrows, selected, drawn])
  useEffect(() => { // a box has another name, or Python has chosen another one
    const next = focusNext.current && boxNamed(frame.current, focusNext.current)
    if (next) { next.focus(); focusNext.current = null }
  }, [nodes])
  const ready = useNodesInitialized()
  const fitted = useRef(null) // number of the document that was fitted into the view
  const moved = useRef(false) // the user has touched it: nothing may jump
  useEffect(() => {
    if (!ready || fitted.current === opened) return
    fitted.current = opened
    moved.current = false
    fit(flow)
  }, [ready, opened])
  useEffect(() => {
    const watch = new ResizeObserver(() => { if (!moved.current) fit(flow) })
    watch.observe(frame.current)
    return () => watch.disconnect()
  }, [flow])
  useEffect(() => {
    if (!refused) return undefined
    const timer = setTimeout(() => setRefused(null), 4500)
    return () => clearTimeout(timer)
  }, [refused])

  const join = useCallback((source, target) => {
    const box = flow.getInternalNode(target)
    const { x, y } = box.internals.positionAbsolute
    joined.current = { x: x + box.measured.width / 2, y: y + box.measured.height / 2 }
    setJoining(null)
    send("connect", { source, target })
  }, [flow, send])
  const startJoining = useCallback(name => {
    setReasons({})
    send("connecting", { name })
    setJoining(name)
  }, [send])

  useEffect(() => {
    const hear = message => {
      if (message.type === "reasons") setReasons(message.reasons)
      if (message.type === "refused") setRefused({ ...joined.current, text: message.text })
      if (message.type === "rename") setRenaming(message.name)
      if (message.type === "join") startJoining(message.name)
      if (message.type === "fit") fit(flow, message.names)
      if (message.type === "focus") focusFirst(frame.current, message.name)
    }
    model.on("msg:custom", hear)
    return () => model.off("msg:custom", hear)
  }, [model, flow, startJoining])

  const rename = useCallback((name, next) => {
    setRenaming(null)
    focusNext.current = next === name ? null : next
    if (next !== name) send("rename", { name, next })
    else focusFirst(frame.current, name)
  }, [send])
  const shown = useMemo(
    () => ({ pictures, renaming, rename, joining, reasons }),
    [pictures, renaming, rename, joining, reasons])

  // -- what the user does: React Flow reports it in pieces, one message tells it --------

  const pending = useRef(null)
  const chosen = useRef(selected)
  if (!pending.current && chosen.current !== selected) {
    const inside = frame.current?.querySelector(".react-flow__node:focus")
    if (inside && selected.length && !selected.includes(inside.dataset.id)) {
      focusNext.current = selected[0]
    }
    chosen.current = selected
  }
  const later = useCallback(() => {
    if (pending.current) return
    pending.current = { places: {}, chose: false }
    queueMicrotask(() => {
      const { places, chose } = pending.current
      pending.current = null
      if (Object.keys(places).length) send("move", { places })
      if (chose) setSelected(chosen.current)
    })
  }, [send, setSelected])
  const choose = useCallback(changes => {
    for (const change of changes.filter(c => c.type === "select")) {
      later()
      pending.current.chose = true
      const others = chosen.current.filter(name => name !== change.id)
      chosen.current = change.selected ? [...others, change.id] : others
    }
  }, [later])
  const onNodesChange = useCallback(changes => {
    changeNodes(changes)
    choose(changes)
    for (const change of changes) {
      if (change.type !== "position" || change.dragging || !change.position) continue
      later()
      pending.current.places[change.id] = [change.position.x, change.position.y]
    }
  }, [changeNodes, choose, later])
  const onEdgesChange = useCallback(changes => {
    changeEdges(changes)
    choose(changes)
  }, [changeEdges, choose])

  const onConnectStart = useCallback(
    (_, { nodeId, handleType }) => {
      setRefused(null)
      setReasons({})
      begun.current = nodeId
      send("connecting", { name: nodeId, backward: handleType === "target" })
    }, [send])
  const onConnectEnd = useCallback((event, state) => {
    const end = pointOf(event)
    const over = boxAt(frame.current, end)
    const from = state.fromNode?.id
    if (state.isValid || !over || over === from && !state.toHandle) return
    const reason = known.current[over]
    if (reason) setRefused({ ...flow.screenToFlowPosition(end), text: reason })
    else if (state.fromHandle.type === "source") join(from, over)
    else join(over, from)
  }, [flow, join])
  const isValid = useCallback(({ source, target }) => {
    return !known.current[source === begun.current ? target : source]
  }, [])

  const onDrop = event => {
    const kind = event.dataTransfer.getData(DRAG_TYPE)
    if (!kind) return
    event.preventDefault()
    moved.current = true
    const { x, y } = flow.screenToFlowPosition(pointOf(event))
    send("add", { kind, position: [x - 52, y - 35] })
  }
  const onDragOver = event => {
    if (!event.dataTransfer.types.includes(DRAG_TYPE)) return
    event.preventDefault()
    event.dataTransfer.dropEffect = "copy"
  }
  const onNodeClick = (event, node) => { if (joining) join(joining, node.id) }
  const keyboard = useKeyboard({
    flow, send, selected, joining, setJoining, join, startJoining, setRenaming,
  })

  return (
    <div
      ref={frame} onPointerDownCapture={() => { moved.current = true }} className={`hx-canvas ${dark ? "dark" : "light"} ${joining ? "joining" : ""}`}
      role="region" aria-label="Graph of the network" {...keyboard}
    >
      <Shown.Provider value={shown}>
        <ReactFlow
          nodes={nodes} edges={edges} nodeTypes={BOXES} edgeTypes={ARROWS}
          onNodesChange={onNodesChange} onEdgesChange={onEdgesChange}
          onConnect={({ source, target }) => join(source, target)}
          onConnectStart={onConnectStart} onConnectEnd={onConnectEnd}
          isValidConnection={isValid} connectionLineComponent={DrawnLine}
          connectionMode={ConnectionMode.Strict} connectionRadius={28}
          onNodeClick={onNodeClick}
          onNodeDoubleClick={(_, node) => setRenaming(node.id)}
          onEdgeDoubleClick={(_, edge) => send("weights", { name: edge.id })}
          onDrop={onDrop} onDragOver={onDragOver}
          deleteKeyCode={null} multiSelectionKeyCode={SEVERAL} panActivationKeyCode={null}
          zoomOnDoubleClick={false} minZoom={0.15} maxZoom={2.5} colorMode={dark ? "dark" : "light"}
          elevateEdgesOnSelect fitView fitViewOptions={FIT} nodeDragThreshold={2}
          nodeClickDistance={STILL} paneClickDistance={STILL}
          ariaLabelConfig={WORDS}
        >
          <Background gap={20} size={1} />
          <Tools send={send} map={map} setMap={setMap} several={selected.length > 1} />
          <Reason refused={refused} reasons={reasons} />
        </ReactFlow>
      </Shown.Provider>
      <Palette kinds={kinds} send={send} empty={!boxes.length} />
      <Banner joining={joining} cancel={() => setJoining(null)} />
    </div>
  )
}

const FIT = { padding: 0.12, maxZoom: 1 }
const STILL = 4 // px that a hand may move in a click

const WORDS = {
  "node.a11yDescription.default": "Enter selects, arrow keys move, F2 renames, C connects, Delete removes.",
  "node.a11yDescription.keyboardDisabled": "Enter selects, arrow keys move, F2 renames, C connects, Delete removes.",
  "edge.a11yDescription.default": "Enter selects, Delete removes, W opens the weights.",
  "controls.ariaLabel": "View of the graph",
}

function useJson(model, name) {
  const [text] = model.useState(name)
  return useMemo(() => JSON.parse(text), [text])
}

// The nodes of React Flow; what has not changed stays the same object.
function asNodes(boxes, selected, old) {
  const before = new Map(old.map(node => [node.id, node]))
  return boxes.map(box => {
    const known = before.get(box.id)
    const isSelected = selected.includes(box.id)
    const same = known && JSON.stringify(known.data) === JSON.stringify(box)
    const placed = known && (known.dragging || known.position.x === box.x && known.position.y === box.y)
    if (same && placed && known.selected === isSelected) return known
    return {
      ...known, id: box.id, type: "box", data: same ? known.data : box, selected: isSelected,
      position: known?.dragging ? known.position : { x: box.x, y: box.y },
      ariaLabel: box.words, domAttributes: { "aria-roledescription": "population" },
    }
  })
}

function asEdges(arrows, selected, old) {
  const before = new Map(old.map(edge => [edge.id, edge]))
  return arrows.map(arrow => {
    const known = before.get(arrow.id)
    const isSelected = selected.includes(arrow.id)
    const same = known && JSON.stringify(known.data) === JSON.stringify(arrow)
    if (same && known.selected === isSelected) return known
    return {
      ...known, id: arrow.id, type: "arrow", source: arrow.source, target: arrow.target,
      sourceHandle: "out", targetHandle: "in", data: same ? known.data : arrow,
      selected: isSelected, ariaLabel: arrow.words, interactionWidth: 16,
    }
  })
}

function fit(flow, names = []) {
  flow.fitView({ ...FIT, nodes: names.length ? names.map(id => ({ id })) : undefined, duration: 200 })
}

function focusFirst(frame, name) {
  const found = name && boxNamed(frame, name) || frame.querySelector(".react-flow__node.selected, .react-flow__node")
  const target = found || frame.querySelector("button")
  target?.focus()
}

function boxNamed(frame, name) {
  return frame.querySelector(`.react-flow__node[data-id="${CSS.escape(name)}"]`)
}

function pointOf(event) {
  const { clientX, clientY } = event.changedTouches?.[0] ?? event
  return { x: clientX, y: clientY }
}

function boxAt(frame, { x, y }) {
  const found = frame.getRootNode().elementsFromPoint(x, y)
  return found.map(e => e.closest(".react-flow__node")).find(Boolean)?.dataset.id ?? null
}
