/**
 * What the page can do where scripts run: sort and filter its tables, and choose its colours. It is sent as text, so it uses
 * nothing from outside itself. Without it all of the page is there to read.
 */
export const enhance = () => {
  const theme = document.querySelector<HTMLButtonElement>("#theme")
  if (theme !== null) {
    const themes = ["auto", "light", "dark"]
    theme.hidden = false
    theme.addEventListener("click", () => {
      const now = document.documentElement.dataset.theme ?? "auto"
      const next = themes[(themes.indexOf(now) + 1) % themes.length] as string
      if (next === "auto") delete document.documentElement.dataset.theme
      else document.documentElement.dataset.theme = next
      theme.textContent = `Colours: ${next}`
    })
  }

  /** What a cell is sorted by: its number where it has one, else its text. */
  const sortKey = (row: HTMLTableRowElement, column: number): number | string => {
    const cell = row.cells[column]
    const value = cell?.dataset.v
    return value === undefined ? (cell?.textContent ?? "").trim().toLowerCase() : value === "" ? "" : Number(value)
  }
  const compare = (a: number | string, b: number | string): number =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))

  for (const table of document.querySelectorAll<HTMLTableElement>("table[data-sort]")) {
    const body = table.tBodies[0] as HTMLTableSectionElement
    const rows = [...body.rows]
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])]
    heads.forEach((head, column) => {
      const button = document.createElement("button")
      button.type = "button"
      button.append(...head.childNodes)
      head.append(button)
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending"
        for (const other of heads) other.removeAttribute("aria-sort")
        head.setAttribute("aria-sort", up ? "ascending" : "descending")
        rows.sort((a, b) => {
          const [left, right] = [sortKey(a, column), sortKey(b, column)]
          // What is not known comes last in either direction.
          if (left === "" || right === "") return left === right ? 0 : left === "" ? 1 : -1
          return up ? compare(left, right) : compare(right, left)
        })
        body.append(...rows)
      })
    })

    if (rows.length < 8) continue
    const line = document.createElement("div")
    line.className = "filter"
    const label = document.createElement("label")
    const input = document.createElement("input")
    const count = document.createElement("span")
    input.type = "search"
    count.setAttribute("role", "status")
    label.append(`Filter ${table.dataset.sort}`, input)
    line.append(label, count)
    const place = table.parentElement as HTMLElement
    place.before(line)
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
      let shown = 0
      for (const row of rows) {
        const text = (row.textContent ?? "").toLowerCase()
        row.hidden = !words.every((word) => text.includes(word))
        if (!row.hidden) shown++
      }
      count.textContent = words.length === 0 ? "" : `${shown} of ${rows.length}`
    })
  }
}

/** The script's text. */
export const script = `(${enhance})()`
