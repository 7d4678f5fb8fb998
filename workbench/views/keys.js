// Sends the name of a key that Python listens to, unless the user is typing.

const CONTROLS = ["button", "slider", "combobox", "option", "menuitem"]

export function render({ model }) {
  const path = event => event.composedPath().filter(node => node.tagName)
  const typing = event => path(event).some(node => node.isContentEditable
    || (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && node.type !== "range"))
  const onControl = event => path(event).some(node =>
    /^(INPUT|BUTTON|A|SELECT)$/.test(node.tagName)
    || CONTROLS.includes(node.getAttribute("role")))

  const press = event => {
    const held = event.ctrlKey || event.metaKey
    const shift = held && event.shiftKey
    const name = `${held ? "ctrl+" : ""}${shift ? "shift+" : ""}${event.key.toLowerCase()}`
    if (!model.names.includes(name) || event.altKey || typing(event)) return
    // Space on a button is that button's; Escape is no control's.
    if (!held && name !== "escape" && onControl(event)) return
    event.preventDefault()
    model.send_msg(name)
  }
  const leave = event => { if (model.unsaved) event.preventDefault() }
  document.addEventListener("keydown", press)
  window.addEventListener("beforeunload", leave)
  model.on("remove", () => {
    document.removeEventListener("keydown", press)
    window.removeEventListener("beforeunload", leave)
  })
}
