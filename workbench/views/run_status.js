// Times of the last run; while a run takes long, what it does, how far, and Cancel.

function element(tag, className, parent, attributes = {}) {
  const node = document.createElement(tag)
  if (className) node.className = className
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  parent.append(node)
  return node
}

export function render({ model, el }) {
  const root = element("div", "status", el)
  const times = element("span", "times", root)
  const busy = element("span", "busy", root)
  const words = element("span", "words", busy, { role: "status" })
  const bar = element("span", "bar", busy, {
    role: "progressbar", "aria-label": "progress of the run",
    "aria-valuemin": "0", "aria-valuemax": "100",
  })
  const done = element("span", "done", bar)
  const cancel = element("button", "", busy, { title: "Give this run up" })
  cancel.textContent = "Cancel"
  cancel.onclick = () => model.send_msg("cancel")
  const draw = () => {
    times.textContent = model.times
    root.classList.toggle("waiting", model.waiting)
    const known = model.share >= 0
    const percent = Math.round(100 * model.share)
    words.textContent = model.waiting ? model.stage + (known ? ` ${percent} %` : "…") : ""
    bar.classList.toggle("unknown", !known)
    done.style.width = known ? `${percent}%` : ""
    if (known) bar.setAttribute("aria-valuenow", percent)
    else bar.removeAttribute("aria-valuenow")
  }
  draw()
  for (const name of ["times", "waiting", "stage", "share"]) model.on(name, draw)
}
