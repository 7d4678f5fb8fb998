// Keeps the document in the storage of the browser: the server keeps nothing.
// A list of the newest documents for all windows, and for each window which is its own.

const LIST = "hx-workbench:documents"
const OWN = "hx-workbench:own"
const MOST = 8

function stored() {
  try {
    const list = JSON.parse(localStorage.getItem(LIST) ?? "[]")
    return Array.isArray(list) ? list : []
  } catch { return [] } // damaged, or forbidden: as if there were none
}

function keep(entry) {
  const list = [entry, ...stored().filter(e => e.id !== entry.id)].slice(0, MOST)
  while (list.length) {
    try {
      localStorage.setItem(LIST, JSON.stringify(list))
      sessionStorage.setItem(OWN, entry.id)
      return true
    } catch { list.pop() } // the storage is full: the oldest goes
  }
  return false
}

export function render({ model, view }) {
  const save = () => {
    if (!model.word) return
    const kept = keep({ id: model.id_, title: model.title, word: model.word, when: Date.now() })
    if (kept !== model.kept) model.kept = kept
  }
  const tell = () => {
    let own = null
    try { own = sessionStorage.getItem(OWN) } catch { /* forbidden: no own one */ }
    model.send_msg({ own, recent: stored() })
  }
  model.on("word", save)
  const page = view.model.document
  if (page.is_idle) tell()
  else page.idle.connect(tell)
}
