// Sends the name of a key that Python listens to, unless the user is typing.
// Python can ask for the focus: on the first control inside an element with a class.
// Lists of Panel Material open with a click alone; here they open with keys, too.

const CONTROLS = ["button", "slider", "combobox", "option", "menuitem"]
const LETTER = /^[a-z?]$/
const FOCUSABLE = "input, select, textarea, button, [role=combobox], [tabindex='0']"

export function render({ model }) {
  const path = event => event.composedPath().filter(node => node.tagName)
  const typing = event => path(event).some(node => node.isContentEditable
    || (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && node.type !== "range"))
  const onControl = event => path(event).some(node =>
    /^(INPUT|BUTTON|A|SELECT)$/.test(node.tagName)
    || CONTROLS.includes(node.getAttribute("role")))

  // A button that was clicked and a slider keep the focus; letters mean nothing to them.
  const ownsLetters = event => path(event).some(node => node.tagName === "SELECT"
    || ["combobox", "option", "menuitem"].includes(node.getAttribute("role")))

  const press = event => {
    const held = event.ctrlKey || event.metaKey
    const shift = held && event.shiftKey
    const name = `${held ? "ctrl+" : ""}${shift ? "shift+" : ""}${event.key.toLowerCase()}`
    if (!model.names.includes(name) || event.altKey || typing(event)) return
    // Space on a button is that button's; Escape is no control's.
    const free = held || name === "escape" || (LETTER.test(name) && !ownsLetters(event))
    if (!free && onControl(event)) return
    event.preventDefault()
    model.send_msg(name)
  }
  const unfold = event => {
    const node = event.composedPath()[0]
    const list = node.getAttribute?.("role") === "combobox" && node.tagName === "DIV"
    if (!list || node.getAttribute("aria-expanded") === "true") return
    if (!["Enter", " ", "ArrowDown", "ArrowUp"].includes(event.key)) return
    event.preventDefault()
    node.click()
  }
  const leave = event => { if (model.unsaved) event.preventDefault() }
  document.addEventListener("keydown", press)
  document.addEventListener("keydown", unfold)
  window.addEventListener("beforeunload", leave)
  model.on("msg:custom", ({ focus }) => {
    const inside = focus && find(document, `.${focus}`)
    if (inside) find(inside.shadowRoot ?? inside, FOCUSABLE)?.focus()
  })
  model.on("remove", () => {
    document.removeEventListener("keydown", press)
    document.removeEventListener("keydown", unfold)
    window.removeEventListener("beforeunload", leave)
  })
}

// The first visible element that matches, in shadow roots, too.
function find(root, selector) {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(selector) && element.checkVisibility()) return element
    const inner = element.shadowRoot && find(element.shadowRoot, selector)
    if (inner) return inner
  }
  return null
}
