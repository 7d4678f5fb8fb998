// The line over a plot: traces to show or hide (its legend), units, Fit, and a menu
// with the data as a table, CSV or NPZ and the picture as PNG or SVG.

const FILES = [
  ["table", "Show as table"], ["csv", "Data as CSV"], ["npz", "Data as NPZ"],
  ["png", "Picture as PNG"], ["svg", "Picture as SVG"],
]

function element(tag, className, parent, attributes = {}) {
  const node = document.createElement(tag)
  if (className) node.className = className
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  parent?.append(node)
  return node
}

function keep(blob, name) {
  const link = element("a", "", null, { download: name })
  link.href = URL.createObjectURL(blob)
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

function bytes(text) {
  return Uint8Array.from(atob(text), c => c.charCodeAt(0))
}

async function picture(model, kind) {
  const view = [...Bokeh.index.find_by_id(model.figure)][0]
  if (view) keep(await view.export(kind).to_blob(), `${model.name_of_file}.${kind}`)
}

function chip(item, send) {
  const label = element("label", "chip", null, { title: item.help })
  const box = element("input", "", label, { type: "checkbox" })
  box.checked = item.on
  box.onchange = () => send({ do: "show", id: item.id, on: box.checked })
  const mark = element("span", "mark", label, { "aria-hidden": "true" })
  mark.innerHTML = item.mark
  label.append(item.label)
  return label
}

function choice(model, send) {
  const group = element("span", "choice", null, {
    role: "radiogroup", "aria-label": "unit of potentials",
  })
  for (const unit of model.units) {
    const label = element("label", "", group)
    const radio = element("input", "", label, { type: "radio", name: "unit" })
    radio.checked = unit === model.unit
    radio.onchange = () => send({ do: "unit", id: unit })
    label.append(unit)
  }
  return group
}

function menu(model, send) {
  const root = element("span", "menu")
  const button = element("button", "icon", root, {
    "aria-haspopup": "menu", "aria-expanded": "false",
    "aria-label": `Save ${model.subject}`, title: `Save ${model.subject}`,
  })
  button.textContent = "⋯"
  const list = element("div", "list", root, { role: "menu", hidden: "" })
  const show = on => {
    list.hidden = !on
    button.setAttribute("aria-expanded", String(on))
    if (on) list.querySelector("button").focus()
  }
  for (const [kind, text] of FILES) {
    if (kind === "table" && !model.has_table) continue
    if (!model.figure && (kind === "png" || kind === "svg")) continue
    const item = element("button", "", list, { role: "menuitem" })
    item.textContent = text
    item.onclick = () => {
      show(false)
      button.focus()
      if (kind === "png" || kind === "svg") picture(model, kind)
      else send({ do: kind })
    }
  }
  button.onclick = () => show(list.hidden)
  root.onkeydown = event => {
    const items = [...list.querySelectorAll("button")]
    const at = items.indexOf(event.composedPath()[0])
    if (event.key === "Escape" && !list.hidden) {
      show(false)
      button.focus()
      event.stopPropagation()
    } else if (at >= 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      items.at((at + (event.key === "ArrowDown" ? 1 : -1)) % items.length).focus()
      event.preventDefault()
    }
  }
  root.onfocusout = event => {
    if (!root.contains(event.relatedTarget)) show(false)
  }
  return root
}

export function render({ model, el }) {
  const root = element("div", "bar", el, { role: "group", "aria-label": model.subject })
  const send = message => model.send_msg(message)
  const left = element("span", "left", root)
  const right = element("span", "right", root)
  const unitPlace = element("span", "", right)
  const fit = element("button", "fit", right, { title: `Fit the axes of ${model.subject}` })
  fit.textContent = "Fit"
  fit.onclick = () => send({ do: "fit" })
  right.append(menu(model, send))
  let chips = new Map()
  const build = () => {
    left.replaceChildren()
    if (model.heading) element("span", "heading", left).textContent = model.heading
    chips = new Map(model.items.map(item => [item.id, chip(item, send)]))
    left.append(...chips.values())
    unitPlace.replaceChildren(...model.units.length ? [choice(model, send)] : [])
  }
  const look = () => JSON.stringify([
    model.heading, model.units,
    model.items.map(item => [item.id, item.label, item.mark, item.help]),
  ])
  let built = ""
  const draw = () => {
    const key = look()
    if (key !== built) {
      built = key
      build()
    }
    for (const item of model.items) chips.get(item.id).querySelector("input").checked = item.on
    unitPlace.querySelectorAll("input").forEach((radio, k) => {
      radio.checked = model.units[k] === model.unit
    })
  }
  draw()
  for (const name of ["items", "unit", "units", "heading"]) model.on(name, draw)
  model.on("msg:custom", event => {
    const { name, mime, content } = event.data ?? event
    keep(new Blob([bytes(content)], { type: mime }), name)
  })
}
