// A weight matrix as a heat map and a histogram; a click or the arrow keys choose a weight.

export function render({ model, el }) {
  const frame = document.createElement("div")
  frame.className = "frame"
  frame.innerHTML = `
    <canvas class="map" tabindex="0" role="application"></canvas>
    <canvas class="bars" role="img"></canvas>`
  const map = frame.querySelector(".map"), bars = frame.querySelector(".bars")

  const read = () => {
    const bytes = Uint8Array.from(atob(model.weights), c => c.charCodeAt(0))
    return new Float32Array(bytes.buffer)
  }
  const draw = () => {
    const weights = read()
    const largest = weights.reduce((m, w) => Math.max(m, Math.abs(w)), 0) || 1
    drawMap(map, weights, largest, model)
    drawBars(bars, weights, largest, model)
    const [target, source] = model.cell
    map.setAttribute("aria-label", `Weight matrix, ${model.rows} targets by ${model.columns} `
      + `sources; chosen: source ${source}, target ${target}. Arrow keys move.`)
    bars.setAttribute("aria-label", "Histogram of the weights")
  }
  const choose = (target, source) => {
    const inside = target >= 0 && source >= 0 && target < model.rows && source < model.columns
    if (inside) { model.cell = [target, source]; draw() }
  }
  map.addEventListener("click", event => {
    const box = map.getBoundingClientRect()
    choose(Math.floor((event.clientY - box.top) / box.height * model.rows),
      Math.floor((event.clientX - box.left) / box.width * model.columns))
  })
  map.addEventListener("keydown", event => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (!step) return
    event.preventDefault()
    choose(model.cell[0] + step[0], model.cell[1] + step[1])
  })
  map.addEventListener("mousemove", event => {
    const box = map.getBoundingClientRect(), weights = read()
    const t = Math.floor((event.clientY - box.top) / box.height * model.rows)
    const s = Math.floor((event.clientX - box.left) / box.width * model.columns)
    const w = weights[t * model.columns + s]
    if (w === undefined) return
    const clipped = Math.abs(w) > model.limit ? ", clipped on the chip" : ""
    map.title = `source ${s} → target ${t}: ${Number(w.toPrecision(3))}${clipped}`
  })
  model.on(["weights", "cell", "limit", "colors"], draw)
  new ResizeObserver(draw).observe(frame)
  el.append(frame)
  draw()
}

// Give a canvas the pixels of its place, and return what draws on it.
function pixels(canvas) {
  const { width, height } = canvas.getBoundingClientRect()
  const ratio = window.devicePixelRatio || 1
  canvas.width = Math.max(1, width * ratio)
  canvas.height = Math.max(1, height * ratio)
  const pen = canvas.getContext("2d")
  pen.scale(ratio, ratio)
  return { pen, width, height }
}

function drawMap(canvas, weights, largest, { rows, columns, cell, limit, colors }) {
  const { pen, width, height } = pixels(canvas)
  const w = width / columns, h = height / rows
  pen.fillStyle = colors.card
  pen.fillRect(0, 0, width, height)
  weights.forEach((weight, index) => {
    const x = index % columns * w, y = Math.floor(index / columns) * h
    pen.globalAlpha = Math.abs(weight) / largest
    pen.fillStyle = weight < 0 ? colors.negative : colors.positive
    pen.fillRect(x, y, w + 0.3, h + 0.3)
    if (Math.abs(weight) > limit) { // a cross: the chip has only 6 bits
      pen.globalAlpha = 1
      pen.beginPath()
      pen.moveTo(x + w * .25, y + h * .25); pen.lineTo(x + w * .75, y + h * .75)
      pen.moveTo(x + w * .75, y + h * .25); pen.lineTo(x + w * .25, y + h * .75)
      for (const [color, width] of [[colors.card, 4], [colors.problem, 1.5]]) {
        pen.strokeStyle = color
        pen.lineWidth = width
        pen.stroke()
      }
    }
  })
  pen.globalAlpha = 1
  pen.strokeStyle = colors.text
  pen.lineWidth = 2
  pen.strokeRect(cell[1] * w + 1, cell[0] * h + 1, Math.max(w - 2, 2), Math.max(h - 2, 2))
}

function drawBars(canvas, weights, largest, { limit, colors }) {
  const { pen, width, height } = pixels(canvas)
  const counts = new Array(41).fill(0)
  for (const weight of weights) counts[Math.round((weight / largest + 1) * 20)] += 1
  const most = Math.max(...counts, 1), bar = width / 41, base = height - 16
  counts.forEach((count, index) => {
    const value = (index / 20 - 1) * largest
    pen.fillStyle = Math.abs(value) > limit ? colors.problem : value < 0 ? colors.negative : colors.positive
    const tall = count / most * (base - 4)
    pen.fillRect(index * bar + 0.5, base - tall, bar - 1, tall)
  })
  pen.fillStyle = colors.line
  pen.fillRect(0, base, width, 1)
  pen.fillStyle = colors.quiet
  pen.font = "11px Roboto, Helvetica, sans-serif"
  for (const [value, align] of [[-largest, "left"], [0, "center"], [largest, "right"]]) {
    pen.textAlign = align
    const text = `${Number(value.toPrecision(2))}`.replace("-", "−")
    pen.fillText(text, (value / largest + 1) / 2 * width, height - 3)
  }
}
