// Spikes of an input as ticks. By hand: a click adds or removes one, a drag moves it.
// The text below says the same, for the keyboard.

const SVG = "http://www.w3.org/2000/svg"
const NEAR = 6 // px
const MOVED = 3 // px that make a drag of a click
const MANY = 64 // channels: rows would be too thin to hit
const AXIS = 18

function shape(tag, parent, attributes = {}) {
  const node = document.createElementNS(SVG, tag)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  parent.append(node)
  return node
}

export function render({ model, el }) {
  const root = document.createElement("div")
  root.className = "stimulus"
  const said = document.createElement("div")
  said.className = "said"
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("role", "img")
  const hint = document.createElement("div")
  hint.className = "hint"
  const label = document.createElement("label")
  const text = document.createElement("textarea")
  text.spellcheck = false
  text.wrap = "off"
  label.append("spike times, µs, one line per channel", text)
  const problem = document.createElement("div")
  problem.className = "problem"
  problem.setAttribute("role", "alert")
  root.append(said, svg, hint, label, problem)
  el.append(root)

  let grab = null // what the pointer holds: { old, x, y, tick }
  let typing = false

  const rows = () => Math.max(1, model.trains.length)
  const height = () => Math.min(18, Math.max(1.5, 132 / rows()))
  const width = () => svg.clientWidth || 300
  const x = time => (time / model.end) * width()
  const time = px => Math.round(((px / width()) * model.end) / model.step) * model.step
  const inside = t => Math.min(model.end - model.step, Math.max(0, t))
  const editable = () => model.drawn && rows() <= MANY

  function draw() {
    const h = height()
    svg.replaceChildren()
    svg.setAttribute("height", rows() * h + AXIS)
    svg.setAttribute("aria-label", `${model.label}: ${model.said}`)
    svg.classList.toggle("editable", editable())
    if (h >= 5) {
      for (let row = 1; row < rows(); row += 1) {
        shape("line", svg, { class: "rule", x1: 0, x2: width(), y1: row * h, y2: row * h })
      }
    }
    const gap = h >= 5 ? 1.5 : 0
    const ends = (row, t) => ({ x1: x(t), x2: x(t), y1: row * h + gap, y2: (row + 1) * h - gap })
    model.trains.forEach((train, row) => {
      for (const t of train) shape("line", svg, { class: "spike", ...ends(row, t) })
    })
    for (const part of [0, 0.5, 1]) {
      const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle"
      const mark = shape("text", svg, {
        x: part * width(), y: rows() * h + 13, "text-anchor": anchor,
      })
      mark.textContent = `${Number((part * model.end).toPrecision(4))}${part === 1 ? " µs" : ""}`
    }
    shape("line", svg, { class: "ghost" })
    said.textContent = model.said
    hint.textContent = editable() ? "Click adds or removes a spike, a drag moves it." : ""
    hint.hidden = !editable()
    label.hidden = !model.drawn
    text.setAttribute("aria-label", `spike times of ${model.label}, µs, one line per channel`)
    text.rows = Math.min(8, Math.max(2, rows()))
    if (!typing && !model.problem) text.value = model.text
    problem.textContent = model.problem
    text.classList.toggle("wrong", model.problem !== "")
  }

  // The place under the pointer: channel, time, and the spike that is near.
  function under(event) {
    const box = svg.getBoundingClientRect()
    const px = event.clientX - box.left
    const row = Math.floor((event.clientY - box.top) / height())
    if (row < 0 || row >= rows()) return null
    const near = (model.trains[row] ?? []).map(t => [Math.abs(x(t) - px), t])
      .sort((a, b) => a[0] - b[0])[0]
    return { row, time: inside(time(px)), near: near && near[0] <= NEAR ? near[1] : null }
  }

  function ghost(place) {
    const mark = svg.querySelector(".ghost")
    if (!mark) return
    mark.classList.toggle("shown", place !== null)
    if (!place) return
    const h = height()
    const at = place.near ?? place.time
    for (const [key, value] of Object.entries({
      x1: x(at), x2: x(at), y1: place.row * h, y2: (place.row + 1) * h,
    })) mark.setAttribute(key, value)
    hint.textContent = `channel ${place.row} · ${Number(at.toFixed(3))} µs`
  }

  svg.addEventListener("pointerdown", event => {
    const place = editable() && event.button === 0 ? under(event) : null
    if (!place) return
    svg.setPointerCapture(event.pointerId)
    grab = {
      old: place.near === null ? null : [place.row, place.near],
      start: [event.clientX, event.clientY],
      dragged: false,
    }
  })
  svg.addEventListener("pointermove", event => {
    if (!editable()) return
    const place = under(event)
    if (grab?.old) {
      const [x0, y0] = grab.start
      grab.dragged ||= Math.hypot(event.clientX - x0, event.clientY - y0) > MOVED
      ghost(place && grab.dragged ? { ...place, near: null } : place)
    } else {
      ghost(place)
    }
  })
  svg.addEventListener("pointerup", event => {
    const place = grab ? under(event) : null
    const held = grab
    grab = null
    if (!held || (!place && !held.dragged)) return
    if (!place) return draw()
    const here = [place.row, place.time]
    if (held.old) model.send_msg({ old: held.old, new: held.dragged ? here : null })
    else model.send_msg({ old: null, new: here })
  })
  svg.addEventListener("pointercancel", () => { grab = null })
  svg.addEventListener("pointerleave", () => {
    ghost(null)
    if (editable()) hint.textContent = "Click adds or removes a spike, a drag moves it."
  })

  text.addEventListener("input", () => { typing = true })
  text.addEventListener("change", () => {
    typing = false
    model.send_msg({ text: text.value })
  })
  text.addEventListener("keydown", event => {
    if (event.key === "Enter" && event.ctrlKey) text.dispatchEvent(new Event("change"))
  })

  draw()
  const watch = new ResizeObserver(() => draw())
  watch.observe(root)
  model.on(["trains", "end", "step", "text", "drawn", "said", "problem", "label"], draw)
  model.on("remove", () => watch.disconnect())
}
