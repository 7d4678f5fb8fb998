// The list of runs: what changed, what came out, Pin and Go back.

function element(tag, className, parent, text = "") {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text) node.textContent = text
  parent?.append(node)
  return node
}

export function render({ model, el }) {
  const list = element("ol", "runs", el)
  list.setAttribute("aria-label", "Last runs")
  const act = (run, what, text, pressed) => {
    const button = element("button", "", null, text)
    button.dataset.key = `${what}${run.number}`
    button.setAttribute("aria-label", `${text} run ${run.number}`)
    if (pressed !== undefined) button.setAttribute("aria-pressed", String(pressed))
    button.onclick = () => model.send_msg({ do: what, number: run.number })
    return button
  }
  const draw = () => {
    const held = list.getRootNode().activeElement?.dataset?.key
    list.replaceChildren()
    for (const run of model.runs) {
      const row = element("li", run.current ? "current" : "", list)
      element("span", "number", row, String(run.number))
      const words = element("span", "words", row)
      element("span", "changed", words, run.changed)
      element("span", "said", words, run.said)
      row.append(act(run, "pin", run.pinned ? "Unpin" : "Pin", run.pinned))
      const back = act(run, "open", "Go back to")
      back.textContent = "Go back"
      back.disabled = run.current
      row.append(back)
    }
    list.querySelector(`[data-key="${held}"]`)?.focus()
  }
  draw()
  model.on("runs", draw)
}
