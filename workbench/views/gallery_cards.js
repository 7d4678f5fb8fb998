// Cards of the demos: picture, title, one sentence; a click opens one.

export function render({ model, el }) {
  const list = document.createElement("ul")
  list.setAttribute("aria-label", "Demos")
  el.append(list)
  const cards = new Map()

  const make = name => {
    const item = document.createElement("li")
    const button = document.createElement("button")
    const picture = document.createElement("img")
    const words = document.createElement("span")
    const title = document.createElement("b")
    const sentence = document.createElement("span")
    button.type = "button"
    picture.alt = ""
    words.className = "words"
    words.append(title, sentence)
    button.append(picture, words)
    button.onclick = () => model.send_msg(name)
    item.append(button)
    list.append(item)
    return { picture, title, sentence }
  }

  const draw = () => {
    for (const card of model.cards) {
      if (!cards.has(card.name)) cards.set(card.name, make(card.name))
      const { picture, title, sentence } = cards.get(card.name)
      title.textContent = card.reached ? `${card.title} ✓` : card.title
      title.title = card.reached ? "Goal reached" : ""
      sentence.textContent = card.sentence
      const source = model.pictures[card.name] || ""
      picture.classList.toggle("empty", !source)
      if (source && picture.src !== source) picture.src = source
    }
  }
  model.on(["cards", "pictures"], draw)
  draw()
}
