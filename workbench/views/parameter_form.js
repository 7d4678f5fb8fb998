// A form of parameter lines: name, help, typed value, unit; below − slider + and reset;
// below the value on its scales. Python owns the values (`lines`); this file draws them
// and sends what the user does. Values of single neurons: neuron_values.js.

function element(tag, className, parent, attributes = {}) {
  const node = document.createElement(tag)
  if (className) node.className = className
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  parent?.append(node)
  return node
}

function button(className, parent, label, text, act) {
  const node = element("button", className, parent, { type: "button", "aria-label": label })
  node.textContent = text
  node.addEventListener("click", act)
  return node
}

function digits(step) {
  return Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)))
}

function text(value, step) {
  return String(Number(Number(value).toFixed(Math.max(digits(step), 3))))
}

function hatch(line) {
  if (!line.reach) return ""
  const part = v => 100 * Math.min(1, Math.max(0, (v - line.low) / (line.high - line.low)))
  const [a, b] = line.reach.map(part)
  const blind = "repeating-linear-gradient(135deg, var(--hatch) 0 2px, transparent 2px 5px)"
  const left = `${blind} 0 0 / ${a}% 100% no-repeat`
  const right = `${blind} 100% 0 / ${100 - b}% 100% no-repeat`
  return `${left}, ${right}`
}

let helps = 0

class Row {
  constructor(line, parent, send) {
    this.line = line
    this.post = send
    this.sent = 0 // number of the last message; older echoes must not move the thumb
    this.node = element("div", `line ${line.kind}`, parent, { "data-line": line.id })
    const title = element("div", "title", this.node)
    element("label", "name", title).textContent = line.label
    this.title = title
    if (line.help) this.explain(title, line)
    this[line.kind](line)
    this.scales = element("div", "scales", this.node)
    this.also = element("div", "also", this.node)
    this.problem = element("div", "problem", this.node, { role: "alert" })
    this.typed?.addEventListener("input", () => { this.typing = true })
    this.typed?.addEventListener("blur", () => {
      this.typing = false
      if (this.typed.value === "") this.show(this.line.value, this.line.mixed)
    })
    this.update(line, 0)
  }

  // The help is a text of its own that a screen reader finds and the keyboard opens.
  explain(title, line) {
    const id = `help-${(helps += 1)}`
    const mark = button("help", title, `help: ${line.label}`, "?", () => {
      this.node.classList.toggle("told")
    })
    mark.setAttribute("aria-describedby", id)
    mark.addEventListener("blur", () => this.node.classList.remove("told"))
    mark.addEventListener("keydown", event => {
      if (event.key === "Escape") this.node.classList.remove("told")
    })
    element("div", "tip", this.node, { role: "tooltip", id }).textContent = line.help
  }

  number(line) {
    this.typed = element("input", "", this.node, {
      type: "number", "aria-label": `${line.label}, typed value`, step: "any",
    })
    this.unit = element("span", "unit", this.node)
    this.less = button("step less", this.node, `decrease ${line.label}`, "−",
      () => this.move(-1))
    this.slider = element("input", "", this.node, {
      type: "range", "aria-label": line.label,
    })
    this.more = button("step more", this.node, `increase ${line.label}`, "+",
      () => this.move(1))
    const back = () => {
      if (this.line.default === null) return
      if (this.line.each?.values.length) this.send("one", this.line.default)
      else this.edit(this.line.default)
    }
    this.reset = button("reset", this.node, `reset ${line.label}`, "↺", back)
    this.reset.title = "Back to the default"
    this.slider.addEventListener("input", () => this.edit(Number(this.slider.value)))
    this.slider.addEventListener("dblclick", back)
    this.typed.addEventListener("change", () => {
      if (this.typed.value !== "") this.edit(Number(this.typed.value))
    })
    if (line.each) this.neurons = new NeuronValues(this)
  }

  text(line) {
    this.typed = element("input", "", this.node, { type: "text", "aria-label": line.label })
    this.typed.addEventListener("change", () => this.edit(this.typed.value))
  }

  choice(line) {
    this.select = element("select", "", this.node, { "aria-label": line.label })
    for (const choice of line.choices) element("option", "", this.select).textContent = choice
    this.select.addEventListener("change", () => this.edit(this.select.value))
  }

  switch(line) {
    this.box = element("input", "toggle", this.node, {
      type: "checkbox", role: "switch", "aria-label": line.label,
    })
    this.box.addEventListener("change", () => this.edit(this.box.checked))
  }

  move(steps) {
    const { line } = this
    const value = this.now + steps * line.step
    this.edit(Math.min(line.high, Math.max(line.low, Number(text(value, line.step)))))
  }

  edit(value) {
    this.typing = false
    this.show(value)
    this.sent = this.post({ id: this.line.id, value, unit: this.line.unit })
  }

  send(act, value) { // what is drawn then comes from Python
    this.post({ id: `${this.line.id}:${act}`, value })
  }

  show(value, mixed = false) {
    const { line } = this
    this.node.classList.toggle("mixed", mixed)
    if (this.slider) {
      this.now = value
      this.slider.value = value
      this.typed.value = mixed ? "" : text(value, line.step)
      this.typed.placeholder = mixed ? "mixed" : ""
      const part = (100 * (value - line.low)) / (line.high - line.low)
      this.slider.style.setProperty("--part", `${Math.min(100, Math.max(0, part))}%`)
      const several = line.each && line.each.values.length > 0
      const same = line.default === null || Math.abs(value - line.default) < 1e-9
      this.reset.disabled = line.default === null || (same && !several && !mixed)
      this.less.disabled = value <= line.low
      this.more.disabled = value >= line.high
    } else if (this.select) {
      this.select.value = mixed ? "" : value
    } else if (this.box) {
      this.box.checked = value
      this.box.indeterminate = mixed
    } else {
      this.typed.value = value
    }
  }

  update(line, seen) {
    this.line = line
    if (this.slider) {
      Object.assign(this.slider, { min: line.low, max: line.high, step: line.step })
      this.slider.style.setProperty("--reach", hatch(line) || "none")
      this.slider.title = line.reach ? "Hatched: a calibration may not reach it." : ""
      this.unit.textContent = line.unit
    }
    if (this.also.textContent !== line.also) this.also.textContent = line.also
    if (this.problem.textContent !== line.problem) this.problem.textContent = line.problem
    this.node.classList.toggle("wrong", line.problem !== "")
    this.drawScales(line)
    this.drawCurve(line)
    if (seen >= this.sent && !this.typing) this.show(line.value, line.mixed)
    this.neurons?.update(line)
    if (line.seed && !this.dice) {
      this.dice = button("dice", this.scales, `new ${line.label}`, "new seed", () =>
        this.edit(Math.floor(line.low + Math.random() * (line.high - line.low + 1))))
    }
  }

  // Segments: all scales are read, the one that is chosen is edited.
  drawScales(line) {
    const names = line.scales.map(s => s.name).join()
    if (names !== this.names) {
      this.names = names
      this.segments?.remove()
      this.segments = null
      if (!names) return
      this.segments = element("div", "segments", null, {
        role: "radiogroup", "aria-label": `scale of ${line.label}`,
      })
      this.scales.prepend(this.segments)
      this.parts = line.scales.map(scale => {
        const part = button("", this.segments, "", "", () => this.send("scale", scale.name))
        part.setAttribute("role", "radio")
        part.addEventListener("keydown", event => this.walk(event))
        return part
      })
    }
    line.scales.forEach((scale, i) => {
      const part = this.parts[i]
      part.textContent = scale.text
      part.title = scale.help
      part.setAttribute("aria-label", `${scale.text}, ${scale.name} of ${line.label}`)
      part.setAttribute("aria-checked", String(scale.chosen))
      part.disabled = !scale.open && !scale.chosen
      part.tabIndex = scale.chosen ? 0 : -1
      part.classList.toggle("old", scale.old)
    })
  }

  // What codes do on this chip, and the point that is set.
  drawCurve(line) {
    if (!line.curve) {
      this.curve?.remove()
      this.curve = null
      return
    }
    if (!this.curve) {
      const make = name => document.createElementNS("http://www.w3.org/2000/svg", name)
      this.curve = make("svg")
      this.curve.setAttribute("class", "curve")
      this.curve.setAttribute("viewBox", "-3 -3 52 26")
      this.curve.setAttribute("role", "img")
      this.curve.append(make("title"), make("path"), make("circle"))
      this.scales.append(this.curve)
    }
    const [title, path, point] = this.curve.children
    const said = `${line.label}: ${line.curve.text}`
    if (title.textContent === said) return
    title.textContent = said
    this.curve.setAttribute("aria-label", said)
    path.setAttribute("d", line.curve.path)
    point.setAttribute("cx", line.curve.x)
    point.setAttribute("cy", line.curve.y)
    point.setAttribute("r", 2.6)
  }

  walk(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const open = this.parts.filter(p => !p.disabled)
    const next = open[(open.indexOf(event.target) + step + open.length) % open.length]
    next.focus()
    next.click()
  }
}

const folded = new Set() // groups that were closed, for all forms of this window

function fold(section, title, group) {
  const show = () => {
    const closed = folded.has(group)
    title.setAttribute("aria-expanded", String(!closed))
    section.classList.toggle("folded", closed)
  }
  title.addEventListener("click", () => {
    if (!folded.delete(group)) folded.add(group)
    show()
  })
  show()
}

// What had the focus, as words that find its twin after the form is drawn anew.
function focused(root) {
  const active = root.getRootNode().activeElement
  const label = active?.getAttribute("aria-label")
  return label && root.contains(active) ? label : null
}

export function render({ model, el }) {
  const root = element("div", "form", el)
  let rows = new Map()
  const shape = lines => JSON.stringify(
    lines.map(l => [l.id, l.label, l.group, l.kind, l.choices, l.each?.size]),
  )
  let drawn = ""
  let count = model.seen
  const send = message => {
    count += 1
    model.send_msg({ ...message, count })
    return count
  }

  const draw = () => {
    const lines = model.lines
    const key = model.subject + shape(lines)
    if (key === drawn) {
      for (const line of lines) rows.get(line.id).update(line, model.seen)
      return
    }
    drawn = key
    const focus = focused(root)
    rows = new Map()
    root.replaceChildren()
    let group = null
    let section = root
    for (const line of lines) {
      if (line.group !== group) {
        group = line.group
        section = element("section", "", root)
        const title = element("button", "", element("h3", "", section), { type: "button" })
        title.textContent = group
        title.setAttribute("aria-label", `${group} group`)
        fold(section, title, group)
      }
      rows.set(line.id, new Row(line, section, send))
    }
    if (focus) root.querySelector(`[aria-label="${CSS.escape(focus)}"]`)?.focus()
  }
  draw()
  model.on("lines", draw)
  model.on("seen", draw)
}
