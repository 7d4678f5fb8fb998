// A form of parameter lines: name, slider, typed value, unit, reset, other scales.
// Python owns the values (`lines`); this file draws them and sends what the user does.

function element(tag, className, parent, attributes = {}) {
  const node = document.createElement(tag)
  if (className) node.className = className
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  parent?.append(node)
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

class Row {
  constructor(line, parent, send) {
    this.line = line
    this.send = send
    this.sent = 0 // number of the last message; older echoes must not move the thumb
    this.node = element("div", `line ${line.kind}`, parent, { "data-line": line.id })
    const name = element("label", "name", this.node, { title: line.help })
    name.textContent = line.label
    this[line.kind](line)
    this.also = element("div", "also", this.node)
    this.problem = element("div", "problem", this.node, { role: "alert" })
    for (const field of [this.typed].filter(Boolean)) {
      field.addEventListener("input", () => { this.typing = true })
      field.addEventListener("blur", () => {
        this.typing = false
        if (field.value === "") this.show(this.line.value)
      })
    }
    this.update(line, 0)
  }

  number(line) {
    this.node.querySelector("label").title = line.help
    this.slider = element("input", "", this.node, {
      type: "range", "aria-label": line.label, title: line.help,
    })
    this.typed = element("input", "", this.node, {
      type: "number", "aria-label": `${line.label}, typed value`, step: "any",
    })
    element("span", "unit", this.node).textContent = line.unit
    this.reset = element("button", "reset", this.node, {
      type: "button", "aria-label": `reset ${line.label}`, title: "Reset to default",
    })
    this.reset.textContent = "↺"
    this.slider.addEventListener("input", () => this.edit(Number(this.slider.value)))
    this.typed.addEventListener("change", () => {
      if (this.typed.value !== "") this.edit(Number(this.typed.value))
    })
    const back = () => this.line.default !== null && this.edit(this.line.default)
    this.reset.addEventListener("click", back)
    this.slider.addEventListener("dblclick", back)
  }

  text(line) {
    this.typed = element("input", "", this.node, { type: "text", "aria-label": line.label })
    this.typed.addEventListener("change", () => this.edit(this.typed.value))
  }

  choice(line) {
    this.select = element("select", "", this.node, {
      "aria-label": line.label, title: line.help,
    })
    for (const choice of line.choices) element("option", "", this.select).textContent = choice
    this.select.addEventListener("change", () => this.edit(this.select.value))
  }

  edit(value) {
    this.typing = false
    this.show(value)
    this.sent = this.send({ id: this.line.id, value })
  }

  show(value) {
    const { line } = this
    if (this.slider) {
      this.slider.value = value
      this.typed.value = text(value, line.step)
      const part = (100 * (value - line.low)) / (line.high - line.low)
      this.slider.style.setProperty("--part", `${Math.min(100, Math.max(0, part))}%`)
      this.reset.disabled = line.default === null || Math.abs(value - line.default) < 1e-9
    } else if (this.select) {
      this.select.value = value
    } else {
      this.typed.value = value
    }
  }

  update(line, seen) {
    this.line = line
    if (this.slider) {
      Object.assign(this.slider, { min: line.low, max: line.high, step: line.step })
      this.slider.style.setProperty("--reach", hatch(line) || "none")
    }
    if (this.also.textContent !== line.also) this.also.textContent = line.also
    if (this.problem.textContent !== line.problem) this.problem.textContent = line.problem
    this.node.classList.toggle("wrong", line.problem !== "")
    if (seen >= this.sent && !this.typing) this.show(line.value)
  }
}

export function render({ model, el }) {
  const root = element("div", "form", el)
  let rows = new Map()
  const shape = lines => JSON.stringify(
    lines.map(l => [l.id, l.label, l.group, l.kind, l.unit, l.choices, l.low, l.high]),
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
    rows = new Map()
    root.replaceChildren()
    let group = null
    let section = root
    for (const line of lines) {
      if (line.group !== group) {
        group = line.group
        section = element("section", "", root)
        element("h3", "", section).textContent = group
      }
      rows.set(line.id, new Row(line, section, send))
    }
  }
  draw()
  model.on("lines", draw)
  model.on("seen", draw)
}
