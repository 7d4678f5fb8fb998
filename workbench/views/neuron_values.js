// Values of single neurons below their line: drawn, typed as a list, or one at a time.

const DRAWN = {
  "one value": [],
  list: [],
  normal: ["mean", "standard deviation"],
  uniform: ["middle", "half width"],
  "log-normal": ["median", "spread of the logarithm"],
}
const shownOpen = new Set() // lines whose editor is open

class NeuronValues {
  constructor(row) {
    this.row = row
    const { label } = row.line
    this.toggle = button("each", row.title, `${label}, per neuron`, "", () => {
      if (!shownOpen.delete(row.line.id)) shownOpen.add(row.line.id)
      this.show()
    })
    this.toggle.title = "Give each neuron a number of its own"
    for (const height of [5, 11, 8]) element("i", "", this.toggle).style.height = `${height}px`
    this.summary = element("div", "summary", row.node)
    this.editor = element("div", "editor", row.node, {
      role: "group", "aria-label": `${label} of each neuron`,
    })
    this.kind = this.field("select", "how", {})
    for (const kind of Object.keys(DRAWN)) element("option", "", this.kind).textContent = kind
    this.kind.addEventListener("change", () => this.arrange(true))
    this.mean = this.field("input", "mean", { type: "number", step: "any" })
    this.spread = this.field("input", "spread", { type: "number", step: "any", min: 0 })
    this.seed = this.field("input", "seed", { type: "number", min: 0, step: 1, value: 1 })
    this.list = this.field("textarea", "numbers", { rows: 3, spellcheck: "false" })
    const acts = element("div", "acts", this.editor)
    this.apply = button("apply", acts, `set ${label} of all neurons`, "Set", () => this.set())
    this.again = button("apply quiet", acts, `new seed for ${label}`, "New seed", () => {
      this.seed.value = Math.floor(Math.random() * 100000)
      this.set()
    })
    this.index = this.field("input", "neuron", { type: "number", min: 0, step: 1, value: 0 })
    this.single = this.field("input", "its value", { type: "number", step: "any" })
    this.index.addEventListener("input", () => this.pick())
    this.single.addEventListener("change", () => {
      row.send("neuron", { index: Number(this.index.value), value: Number(this.single.value) })
    })
    this.kind.value = row.line.each.values.length ? "list" : "normal"
    this.arrange(true)
    this.show()
  }

  field(tag, name, attributes) {
    const line = element("label", "part", this.editor)
    element("span", "", line).textContent = name
    return element(tag, "", line, {
      ...attributes, "aria-label": `${name}, ${this.row.line.label} per neuron`,
    })
  }

  // Show the fields that the chosen distribution has, with values that make sense.
  arrange(fill) {
    const kind = this.kind.value
    const names = DRAWN[kind]
    const part = node => node.parentElement
    part(this.mean).hidden = kind === "list"
    part(this.spread).hidden = part(this.seed).hidden = names.length === 0
    this.again.hidden = names.length === 0
    part(this.list).hidden = kind !== "list"
    part(this.mean).firstChild.textContent = names[0] ?? "value"
    part(this.spread).firstChild.textContent = names[1] ?? "spread"
    if (!fill) return
    const { value, step, each } = this.row.line
    this.mean.value = value
    const tenth = Number((Math.abs(value) / 10 || 10 * step).toPrecision(2))
    this.spread.value = kind === "log-normal" ? 0.1 : tenth
    const numbers = each.values.length ? each.values : Array(each.size).fill(value)
    this.list.value = numbers.map(v => Number(v.toPrecision(6))).join(", ")
  }

  set() {
    const kind = this.kind.value
    if (kind === "one value") this.row.send("one", this.mean.value)
    else if (kind === "list") this.row.send("list", this.list.value)
    else {
      this.row.send("draw", {
        kind, mean: this.mean.value, spread: this.spread.value, seed: this.seed.value,
      })
    }
  }

  pick() {
    const { each, value } = this.row.line
    this.single.value = each.values[Number(this.index.value)] ?? value
  }

  show() {
    const open = shownOpen.has(this.row.line.id)
    this.toggle.setAttribute("aria-expanded", String(open))
    this.editor.hidden = !open
  }

  update(line) {
    const { each } = line
    const several = each.values.length > 0
    this.row.node.classList.toggle("several", several)
    this.toggle.classList.toggle("on", several)
    const key = JSON.stringify(each)
    if (key === this.key) return
    this.key = key
    this.index.max = each.size - 1
    this.pick()
    this.summary.replaceChildren()
    if (!several) return
    const peak = Math.max(...each.bars, 1)
    const chart = element("div", "bars", this.summary, { "aria-hidden": "true" })
    for (const bar of each.bars) {
      element("i", "", chart).style.height = `${Math.max(bar ? 8 : 0, (100 * bar) / peak)}%`
    }
    element("span", "", this.summary).textContent = each.text
    if (this.kind.value === "list") this.arrange(true)
  }
}
