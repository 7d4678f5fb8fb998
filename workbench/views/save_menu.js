// A button with a menu; what Python answers is kept as a file.

function keep(name, text) {
  const content = Uint8Array.from(atob(text), c => c.charCodeAt(0))
  const link = document.createElement("a")
  link.download = name
  link.href = URL.createObjectURL(new Blob([content]))
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export function render({ model, el }) {
  const root = document.createElement("div")
  root.className = "menu"
  const button = document.createElement("button")
  button.type = "button"
  button.className = "open"
  button.textContent = "Save"
  button.setAttribute("aria-haspopup", "menu")
  const list = document.createElement("div")
  list.className = "list"
  list.setAttribute("role", "menu")
  root.append(button, list)
  el.append(root)

  const show = on => {
    list.hidden = !on
    button.setAttribute("aria-expanded", String(on))
    if (on) list.querySelector("button:not(:disabled)")?.focus()
  }
  const draw = () => {
    list.replaceChildren()
    for (const { id, label, help } of model.entries) {
      const item = document.createElement("button")
      item.type = "button"
      item.setAttribute("role", "menuitem")
      item.disabled = model.unavailable.includes(id)
      const small = document.createElement("small")
      small.textContent = help
      item.append(label, small)
      item.onclick = () => { show(false); button.focus(); model.send_msg(id) }
      list.append(item)
    }
  }
  button.onclick = () => show(list.hidden)
  root.onkeydown = event => {
    const items = [...list.querySelectorAll("button:not(:disabled)")]
    const at = items.indexOf(event.composedPath()[0])
    if (event.key === "Escape" && !list.hidden) {
      show(false)
      button.focus()
      event.stopPropagation()
    } else if (at >= 0 && /^Arrow(Down|Up)$/.test(event.key)) {
      items.at((at + (event.key === "ArrowDown" ? 1 : -1)) % items.length).focus()
      event.preventDefault()
    }
  }
  root.onfocusout = event => { if (!root.contains(event.relatedTarget)) show(false) }
  model.on(["entries", "unavailable"], draw)
  model.on("msg:custom", event => keep(event.data.name, event.data.content))
  draw()
  show(false)
}
