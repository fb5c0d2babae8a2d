/** Results as pictures: one panel a group, one bar a contender, drawn to SVG without a browser. */
import { BarChart } from "echarts/charts"
import { GridComponent, TitleComponent } from "echarts/components"
import { init, use } from "echarts/core"
import { SVGRenderer } from "echarts/renderers"
import type { Case, Role } from "./case.ts"
import { better, type Line, type Result } from "./result.ts"
import { figure } from "./table.ts"

use([BarChart, GridComponent, TitleComponent, SVGRenderer])

const color: Record<Role, string> = { ours: "#c2410c", peer: "#64748b", floor: "#cbd5e1", control: "#e2e8f0" }
const width = 860
const bar = 22
const head = 44
const labels = 230

/** The lines of each panel, the best on top. */
const panelsOf = (result: Result, metric: string): ReadonlyArray<ReadonlyArray<Line>> =>
  [...Map.groupBy(result.lines, ({ group }) => group).values()]
    .map((lines) => lines.filter((line) => line.metric === metric).sort(better))
    .filter((lines) => lines.length > 0)

/** The chart of a result. */
export const chart = (result: Result, options: Case["chart"]): string => {
  const metric = options?.metric ?? result.lines[0]?.metric ?? ""
  const panels = panelsOf(result, metric)
  const tops: Array<number> = []
  let height = 8
  for (const lines of panels) {
    tops.push(height)
    height += head + lines.length * bar
  }
  const drawn = init(null, null, { renderer: "svg", ssr: true, width, height: Math.max(height, 60) })
  drawn.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: panels.map(([line], i) => ({
      text: `${line?.group}: ${metric}${line?.unit ? ` (${line.unit})` : ""}`,
      left: 12,
      top: (tops[i] as number) + 8,
      textStyle: { fontSize: 13, color: "#0f172a" }
    })),
    grid: panels.map((lines, i) => ({
      left: labels,
      right: 90,
      top: (tops[i] as number) + head - 8,
      height: lines.length * bar
    })),
    xAxis: panels.map((_, gridIndex) => ({ gridIndex, type: "value", show: false })),
    yAxis: panels.map((lines, gridIndex) => ({
      gridIndex,
      type: "category",
      inverse: true,
      data: lines.map(({ contender }) => contender),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { color: "#334155", fontSize: 12 }
    })),
    series: panels.map((lines, i) => ({
      type: "bar",
      xAxisIndex: i,
      yAxisIndex: i,
      barWidth: 14,
      data: lines.map(({ median, role }) => ({ value: median, itemStyle: { color: color[role] } })),
      label: {
        show: true,
        position: "right",
        color: "#334155",
        formatter: ({ value }: { readonly value?: unknown }) => figure(Number(value))
      }
    }))
  })
  const svg = drawn.renderToSVGString()
  drawn.dispose()
  return withOwnClasses(svg, result.name)
}

/**
 * The library's classes count what it has drawn so far: here they are the chart's own, whatever was drawn before it and
 * whatever stands beside it on a page.
 */
const withOwnClasses = (svg: string, name: string): string => {
  const classes: Array<string> = []
  return svg.replace(/\bzr\d+-cls-\d+\b/g, (given) => {
    if (!classes.includes(given)) classes.push(given)
    return `${name}-${classes.indexOf(given)}`
  })
}
