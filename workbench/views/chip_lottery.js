// A small plot for each chip; a click takes the chip.

const SVG = "http://www.w3.org/2000/svg"
const WIDTH = 84, HEIGHT = 24  // of plots/miniature.py

function plot(path) {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
  svg.setAttribute("preserveAspectRatio", "none")
  svg.setAttribute("aria-hidden", "true")
  const line = document.createElementNS(SVG, "path")
  line.setAttribute("d", path)
  svg.append(line)
  return svg
}

export function render({ model, el }) {
  const list = document.createElement("div")
  list.className = "chips"
  list.setAttribute("role", "group")
  list.setAttribute("aria-label", "Chips")
  el.append(list)
  const buttons = new Map()

  const button = (number) => {
    if (!buttons.has(number)) {
      const made = document.createElement("button")
      made.type = "button"
      made.onclick = () => model.send_msg(number)
      list.append(made)
      buttons.set(number, made)
    }
    return buttons.get(number)
  }
  const draw = () => {
    list.style.setProperty("--tone", model.color)
    list.classList.toggle("stale", model.stale)
    for (const chip of model.chips) {
      const node = button(chip.number)
      const said = chip.said || "not run yet"
      node.setAttribute("aria-label", `Take chip ${chip.number}, ${said}`)
      node.setAttribute("aria-pressed", String(chip.number === model.chosen))
      node.title = `Take chip ${chip.number} (${said})`
      if (node.dataset.path === chip.path && node.dataset.said === chip.said) continue
      Object.assign(node.dataset, { path: chip.path, said: chip.said })
      const name = document.createElement("span")
      name.textContent = chip.number
      node.replaceChildren(name, plot(chip.path))
    }
  }
  draw()
  model.on(["chips", "chosen", "color", "stale"], draw)
}
