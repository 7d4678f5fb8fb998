// Reads the plots at the pointer: time, potentials, rates, the spike nearest to it.
// Runs in the browser alone: nothing is sent while the pointer moves.

const number = (value, digits = 3) => String(Number(value.toPrecision(digits)))

function at(xs, ys, x) {
  let low = 0
  let high = xs.length - 1
  if (high < 0 || x < xs[0] - 1 || x > xs[high] + 1) return null
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (xs[middle] <= x) low = middle
    else high = middle
  }
  return x - xs[low] <= xs[high] - x ? ys[low] : ys[high]
}

function potentials(sources, x) {
  const words = []
  const names = { model: "model", true: "true", madc: "MADC", recorded: "recording" }
  for (const [kind, word] of Object.entries(names)) {
    const data = sources[kind]?.data
    if (!data?.xs?.length) continue
    const values = [...data.xs].map((xs, k) => [data.neuron[k], at(xs, data.ys[k], x)])
    const known = values.filter(([, v]) => v !== null && Number.isFinite(v))
    if (!known.length) continue
    const text = known.map(([n, v]) => (values.length > 1 ? `${n}: ` : "") + number(v))
    words.push(`${word} ${text.join(", ")}`)
  }
  return words
}

function rates(sources, x) {
  const data = sources.rates?.data
  if (!data?.xs?.length) return []
  return [...data.xs].map((xs, k) => {
    const rate = at(xs, data.ys[k], x)
    return rate === null ? "" : `${data.name[k]} ${number(rate)} kHz`
  }).filter(Boolean)
}

function spike(sources, x, y, reach) {
  const edges = sources.edges.data
  const band = [...edges.top].findIndex((top, k) => y >= top && y < edges.bottom[k])
  if (band < 0) return []
  const row = Math.floor(y)
  const who = `${edges.name[band]} · neuron ${row - edges.top[band]}`
  let nearest = null
  for (const kind of ["spikes", "faint", "recorded spikes"]) {
    const { x: times, y0 } = sources[kind].data
    for (let k = 0; k < times.length; k++) {
      if (Math.floor(y0[k]) !== row || Math.abs(times[k] - x) > reach) continue
      if (nearest === null || Math.abs(times[k] - x) < Math.abs(nearest.time - x)) {
        nearest = { time: times[k], kind }
      }
    }
  }
  if (nearest === null) return [who]
  const word = { faint: "model spike", "recorded spikes": "recorded spike" }[nearest.kind] ?? "spike"
  return [who, `${word} at ${number(nearest.time, 5)} µs`]
}

export function render({ model, view, el }) {
  const root = document.createElement("div")
  root.className = "reading"
  el.append(root)
  const source = name => view.model.document.get_model_by_id(model.sources[name])
  const show = event => {
    const { figure, x, y, width } = event.detail
    if (!model.figures.includes(figure)) return
    if (x === null) {
      root.textContent = ""
      return
    }
    const sources = Object.fromEntries(
      Object.keys(model.sources).map(name => [name, source(name)]),
    )
    const words = [`${number(x, 4)} µs`]
    if (figure === model.figures[1]) words.push(...spike(sources, x, y, width * 0.006))
    else if (figure === model.figures[2]) words.push(...rates(sources, x))
    else words.push(...potentials(sources, x))
    root.textContent = words.join("  ·  ")
  }
  window.addEventListener("hx-cursor", show)
  model.on("remove", () => window.removeEventListener("hx-cursor", show))
}
