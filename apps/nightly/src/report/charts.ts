/**
 * The charts, as SVG for a page: colours are the page's CSS variables, so that one picture serves light and dark.
 */
import { BarChart, LineChart } from "echarts/charts"
import { GridComponent } from "echarts/components"
import * as echarts from "echarts/core"
import { SVGRenderer } from "echarts/renderers"
import { parseDay, shortDay } from "../calendar.ts"
import type { BenchReport } from "./bench.ts"

echarts.use([BarChart, GridComponent, LineChart, SVGRenderer])

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
const ink = "var(--ink-2)"
const axisLine = { lineStyle: { color: "var(--line)" } }
const label = { color: ink, fontSize: 12, fontFamily: font }

const draw = (title: string, size: { readonly width: number; readonly height: number }, option: object): string => {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, ...size })
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: font }, ...option })
    const svg = chart.renderToSVGString({ useViewBox: true })
    return svg.replace(/^<svg /, `<svg role="img" aria-label="${title}" `)
  } finally {
    chart.dispose()
  }
}

const weekAxis = (weeks: ReadonlyArray<string>) => ({
  type: "category",
  data: weeks.map((week) => shortDay(parseDay(week) ?? 0)),
  axisLine,
  axisTick: { show: false },
  axisLabel: { ...label, hideOverlap: true }
})

const valueAxis = (formatter: string) => ({
  type: "value",
  min: 0,
  splitNumber: 4,
  axisLabel: { ...label, formatter },
  splitLine: { lineStyle: { color: "var(--line)" } }
})

const grid = { left: 8, right: 12, top: 16, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" }
const half = { width: 560, height: 240 }

/** Utilisation of everybody, week by week. */
export const utilisationChart = (report: BenchReport): string => {
  const values = report.utilisation?.overall.map(({ percent }) => percent) ?? []
  const most = Math.max(100, ...values.map((value) => Math.ceil((value ?? 0) / 25) * 25))
  return draw("Utilisation by week, in percent", half, {
    grid,
    xAxis: { ...weekAxis(report.weeks), boundaryGap: false },
    yAxis: { ...valueAxis("{value} %"), max: most, interval: 25 },
    series: [
      {
        type: "line",
        data: values,
        symbol: "circle",
        symbolSize: 6,
        lineStyle: { color: "var(--c1)", width: 2.5 },
        itemStyle: { color: "var(--c1)" },
        areaStyle: { color: "var(--c1)", opacity: 0.14 }
      }
    ]
  })
}

/** Roles with a colour of their own; the others share the last one. */
const SHOWN = 6

type Rows = ReadonlyArray<{ readonly role: string; readonly weeks: ReadonlyArray<number> }>

/** The first rows, and all others in one. */
const most = (rows: Rows): Rows => {
  const rest = rows.slice(SHOWN)
  if (rest.length === 0) return rows
  const weeks = rest[0]?.weeks.map((_, week) => rest.reduce((sum, row) => sum + (row.weeks[week] ?? 0), 0)) ?? []
  return [...rows.slice(0, SHOWN), { role: "Others", weeks: weeks.map((count) => Math.round(count * 100) / 100) }]
}

/** The rows of the two charts below. */
export const forecastRows = (report: BenchReport): Rows => most(report.forecast?.roles ?? [])
export const demandRows = (report: BenchReport): Rows => most(report.unfilled?.demand ?? [])

const stacked = (title: string, size: typeof half, weeks: ReadonlyArray<string>, rows: Rows): string =>
  draw(title, size, {
    grid,
    xAxis: weekAxis(weeks),
    yAxis: valueAxis("{value}"),
    series: rows.map((row, i) => ({
      type: "bar",
      stack: "all",
      barWidth: "62%",
      data: row.weeks,
      itemStyle: { color: `var(--c${i + 1})`, borderColor: "var(--card)", borderWidth: 1 }
    }))
  })

/** People with nothing to do, in whole people, week by week. */
export const forecastChart = (report: BenchReport): string =>
  stacked("People free by week and title", half, report.weeks, forecastRows(report))

/** Unfilled roles, in whole people, week by week. */
export const unfilledChart = (report: BenchReport): string =>
  stacked("People missing by week and role", { width: 1140, height: 280 }, report.weeks, demandRows(report))
