// A row of tabs under the plots; the open one is pressed, Escape closes it.

export function render({ model, el }) {
  const root = document.createElement("div")
  root.className = "names"
  root.setAttribute("role", "tablist")
  root.setAttribute("aria-label", "More about this run")
  const line = document.createElement("div")
  line.className = "tabs"
  const close = document.createElement("button") // no tab: beside their list
  close.className = "close"
  close.textContent = "×"
  close.title = "Close (Esc)"
  close.setAttribute("aria-label", "Close the drawer")
  line.append(root, close)
  el.append(line)
  const open = name => model.send_msg(name)
  close.onclick = () => open("")
  const draw = () => {
    const held = root.getRootNode().activeElement?.dataset?.name
    root.replaceChildren(...model.names.map(name => {
      const tab = document.createElement("button")
      tab.textContent = name
      tab.dataset.name = name
      tab.setAttribute("role", "tab")
      tab.setAttribute("aria-selected", String(name === model.shown))
      tab.onclick = () => open(name === model.shown ? "" : name)
      return tab
    }))
    close.hidden = !model.shown
    root.querySelector(`[data-name="${held}"]`)?.focus()
  }
  const escape = event => {
    if (event.key === "Escape" && model.shown) open("")
  }
  document.addEventListener("keydown", escape)
  model.on("remove", () => document.removeEventListener("keydown", escape))
  draw()
  model.on("shown", draw)
}
