// A column of buttons, one for each tool; pressed is the one that is open.

export function render({ model, el }) {
  const nav = document.createElement("nav")
  nav.setAttribute("aria-label", "Tools")
  el.append(nav)
  const buttons = new Map()

  const draw = () => {
    nav.replaceChildren()
    buttons.clear()
    for (const { name, label, help, icon } of model.tools) {
      const button = document.createElement("button")
      button.type = "button"
      button.title = help
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
      svg.setAttribute("viewBox", "0 0 24 24")
      svg.setAttribute("aria-hidden", "true")
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
      path.setAttribute("d", icon)
      svg.append(path)
      const word = document.createElement("span")
      word.textContent = label
      button.append(svg, word)
      button.onclick = () => model.send_msg(name)
      nav.append(button)
      buttons.set(name, button)
    }
    mark()
  }
  const mark = () => {
    for (const [name, button] of buttons)
      button.setAttribute("aria-pressed", String(name === model.pressed))
  }
  model.on("tools", draw)
  model.on("pressed", mark)
  draw()
}
