// Text that is read and copied: a program, a link.

export function render({ model, el }) {
  const frame = document.createElement("div")
  frame.className = "frame"
  const copy = document.createElement("button")
  copy.type = "button"
  copy.className = "copy"
  const text = document.createElement("pre")
  text.tabIndex = 0
  text.setAttribute("role", "region")
  frame.append(copy, text)
  el.append(frame)

  const draw = () => {
    text.textContent = model.text
    text.setAttribute("aria-label", model.label)
    text.style.maxHeight = `${model.lines * 18 + 16}px`
    text.classList.toggle("wrap", model.wrap)
    copy.textContent = "Copy"
    copy.title = `Copy ${model.label}`
  }
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(model.text)
    } catch { // no permission, or not a secure context: let the browser do it
      const range = document.createRange()
      range.selectNodeContents(text)
      getSelection().removeAllRanges()
      getSelection().addRange(range)
      document.execCommand("copy")
    }
    copy.textContent = "Copied"
    setTimeout(() => { copy.textContent = "Copy" }, 1500)
  }
  model.on(["text", "label", "lines", "wrap"], draw)
  draw()
}
