/**
 * The charts, as SVG for a page: colours are the page's CSS variables, so that one picture serves light and dark.
 */
import { BarChart, LineChart, ScatterChart } from "echarts/charts"
import { GridComponent } from "echarts/components"
import * as echarts from "echarts/core"
import { SVGRenderer } from "echarts/renderers"
import { parseDay, shortDay } from "../calendar.ts"
import type { Kind } from "../timeline.ts"
import type { Report } from "./report.ts"

echarts.use([BarChart, GridComponent, LineChart, ScatterChart, SVGRenderer])

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
export const utilisationChart = (report: Report): string => {
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

/** People with nothing to do, in whole people, week by week. */
export const freeChart = (report: Report): string =>
  draw("People free by week", half, {
    grid,
    xAxis: weekAxis(report.weeks),
    yAxis: valueAxis("{value}"),
    series: [
      {
        type: "bar",
        data: report.utilisation?.overall.map(({ freeDays }) => Math.round(freeDays / 0.5) / 10) ?? [],
        barWidth: "62%",
        itemStyle: { color: "var(--c2)", borderRadius: [3, 3, 0, 0] }
      }
    ]
  })

/** Roles with a colour of their own; the others share the last one. */
const SHOWN = 6

/** The rows of the chart below: the most wanted roles, and all others in one. */
export const demandRows = (
  report: Report
): ReadonlyArray<{ readonly role: string; readonly weeks: ReadonlyArray<number> }> => {
  const demand = report.unfilled?.demand ?? []
  const rest = demand.slice(SHOWN)
  if (rest.length === 0) return demand
  const sum = (week: number) => rest.reduce((all, row) => all + (row.weeks[week] ?? 0), 0)
  return [...demand.slice(0, SHOWN), { role: "Others", weeks: report.weeks.map((_, week) => sum(week)) }]
}

/** Unfilled roles, in whole people, week by week. */
export const unfilledChart = (report: Report): string =>
  draw(
    "People missing by week and role",
    { width: 1140, height: 280 },
    {
      grid,
      xAxis: weekAxis(report.weeks),
      yAxis: valueAxis("{value}"),
      series: demandRows(report).map(({ weeks }, i) => ({
        type: "bar",
        stack: "all",
        barWidth: "62%",
        data: weeks,
        itemStyle: { color: `var(--c${i + 1})`, borderColor: "var(--card)", borderWidth: 1 }
      }))
    }
  )

const lanes: ReadonlyArray<readonly [kind: Kind, name: string, colour: string]> = [
  ["signed-in", "Signed in", "var(--good)"],
  ["renewed-on-schedule", "Renewed on schedule", "var(--c1)"],
  ["refused", "Refused (401)", "var(--bad)"],
  ["ended-early", "Ended early", "var(--bad)"],
  ["renewed-after-refusal", "Renewed after that", "var(--c1)"],
  ["adopted", "Adopted", "var(--c2)"],
  ["sent-again", "Sent again", "var(--c2)"],
  ["trouble", "Trouble", "var(--bad)"],
  ["signed-out", "Signed out", "var(--good)"]
]

/** The session: which token was in use when, and what happened. */
export const sessionChart = (report: Report): string => {
  const { session } = report
  const end = session.at(-1)?.after ?? 0
  const shown = lanes.filter(([kind]) => session.some((entry) => entry.kind === kind))
  const obtained = session.filter(({ kind }) => /^(signed-in|renewed|adopted)/.test(kind))
  const names = ["Token in use", ...shown.map(([, name]) => name)]
  return draw(
    "What happened to the session, over time",
    { width: 1140, height: 60 + 34 * names.length },
    {
      grid,
      xAxis: {
        ...valueAxis("{value} s"),
        max: Math.max(0.1, Math.ceil(end / 100) / 10),
        axisLine
      },
      yAxis: {
        type: "category",
        inverse: true,
        data: names,
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: label,
        splitLine: { show: true, lineStyle: { color: "var(--line)" } }
      },
      series: [
        ...obtained.map(({ after }, i) => ({
          type: "line",
          symbol: "none",
          lineStyle: { color: `var(--c${(i % 2) + 1})`, width: 12, opacity: 0.75 },
          data: [
            [after / 1000, 0],
            [(obtained[i + 1]?.after ?? end) / 1000, 0]
          ]
        })),
        ...shown.map(([kind, , colour], lane) => ({
          type: "scatter",
          symbolSize: 12,
          itemStyle: { color: colour },
          data: session.filter((entry) => entry.kind === kind).map(({ after }) => [after / 1000, lane + 1])
        }))
      ]
    }
  )
}
