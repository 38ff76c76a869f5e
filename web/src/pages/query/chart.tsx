// uPlot in a component: lines or stacked areas on a time axis, a crosshair shared by all charts of the page.

import 'uplot/dist/uPlot.min.css'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { formatTicks, type Unit } from '../../lib/format'
import { formatTimeTicks } from '../../lib/time-ticks'
import { isDark } from '../../state/settings'
import type { LegendEntry } from './legend'
import { Tooltip, type Hover } from './tooltip'

interface Props {
  times: number[]
  /** Values as queried, for reading off. */
  columns: (number | null)[][]
  /** Values as drawn: the same, or stacked. */
  drawn: (number | null)[][]
  lines: LegendEntry[]
  stacked: boolean
  unit: Unit
  utc: boolean
  /** The series to emphasise, by hash. */
  focused: string | undefined
  label: string
  onZoom: (fromMs: number, toMs: number) => void
  onZoomOut: () => void
}

const HEIGHT = 300
const crosshair = uPlot.sync('query')

export function Chart(props: Props) {
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const hover = useSignal<Hover | undefined>(undefined)
  const current = useRef(props)
  current.current = props

  // What the chart is made of; new numbers alone are only data and keep crosshair and zoom where they are.
  const shape = JSON.stringify([props.lines.map((l) => [l.hash, l.color]), props.stacked, props.unit, props.utc, isDark()])
  useEffect(() => {
    const el = host.current!
    const u = new uPlot(options(el, current, hover), dataOf(current.current), el)
    plot.current = u
    crosshair.sub(u)
    const resize = new ResizeObserver(() => u.setSize({ width: el.clientWidth, height: HEIGHT }))
    resize.observe(el)
    return () => {
      resize.disconnect()
      crosshair.unsub(u)
      u.destroy()
      plot.current = undefined
      hover.value = undefined
    }
  }, [shape])

  const drawnShape = useRef(shape)
  useEffect(() => {
    if (drawnShape.current === shape) plot.current?.setData(dataOf(current.current))
    drawnShape.current = shape
  }, [props.times, props.drawn])

  useEffect(() => {
    const at = props.lines.findIndex((l) => l.hash === props.focused)
    plot.current?.setSeries(at < 0 ? null : at + 1, { focus: true })
  }, [props.focused])

  const step = (by: number): void => {
    const u = plot.current
    if (!u || props.times.length === 0) return
    const last = props.times.length - 1
    const from = u.cursor.idx ?? (by > 0 ? -1 : last + 1)
    const idx = Math.max(0, Math.min(last, from + by))
    const left = u.valToPos(props.times[idx]!, 'x')
    u.setCursor({ left, top: u.over.clientHeight / 2 })
    hover.value = { idx, left, top: u.over.clientHeight / 2, nearest: undefined }
  }

  return (
    <div
      class="chart"
      role="img"
      aria-label={props.label}
      tabIndex={0}
      data-testid="chart"
      data-series-count={props.lines.length}
      onKeyDown={(e) => {
        if (e.key === 'ArrowLeft') step(e.shiftKey ? -10 : -1)
        else if (e.key === 'ArrowRight') step(e.shiftKey ? 10 : 1)
        else return
        e.preventDefault()
      }}
      onBlur={() => (hover.value = undefined)}
    >
      <div ref={host} style={{ height: `${HEIGHT}px` }} />
      <Tooltip hover={hover} times={props.times} columns={props.columns} lines={props.lines} unit={props.unit} utc={props.utc} plot={plot} />
    </div>
  )
}

const dataOf = (p: Props): uPlot.AlignedData => [p.times, ...p.drawn] as uPlot.AlignedData

/** What a colour token is in the current theme: a canvas does not understand the token's own text, light-dark(…). */
const color = (token: string): string => {
  const probe = document.createElement('i')
  probe.style.color = `var(${token})`
  document.documentElement.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}

const AXIS_FONT = '12px system-ui, sans-serif'

/** Ticks where people expect them: powers of two for sizes, minutes and hours for times. */
const INCREMENTS: Partial<Record<Unit, number[]>> = {
  bytes: Array.from({ length: 60 }, (_, i) => 2 ** i),
  'bytes/s': Array.from({ length: 60 }, (_, i) => 2 ** i),
  seconds: [
    ...Array.from({ length: 10 }, (_, i) => [1, 2, 5].map((m) => Number(`${m}e${i - 9}`))).flat(),
    10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 172800, 604800, 2592000,
  ],
}

function options(el: HTMLElement, current: { current: Props }, hover: { value: Hover | undefined }): uPlot.Options {
  const p = current.current
  const grid = { stroke: color('--line'), width: 1 }
  const axis = { stroke: color('--text-3'), font: AXIS_FONT, grid, ticks: { show: false }, border: { show: false } }
  // Thick lines are many times slower to draw; with this many points nobody sees the difference.
  const width = p.lines.length * p.times.length > 50_000 ? 1 : 1.5
  const increments = INCREMENTS[p.unit]
  let inside = false
  return {
    width: el.clientWidth,
    height: HEIGHT,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.18 },
    tzDate: (t) => (p.utc ? uPlot.tzDate(new Date(t * 1000), 'Etc/UTC') : new Date(t * 1000)),
    cursor: {
      sync: { key: crosshair.key, setSeries: false },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      points: { one: true, size: 7 },
      focus: { prox: -1 },
      bind: {
        dblclick: () => () => {
          current.current.onZoomOut()
          return null
        },
      },
    },
    scales: { x: { time: true }, y: { range: (_u, min, max) => valueRange(min, max, p.stacked) } },
    axes: [
      { ...axis, space: 90, size: 30, values: (_u, splits, _i, _s, incr) => formatTimeTicks(splits, incr, p.utc) },
      {
        ...axis,
        space: 36,
        ...(increments ? { incrs: increments } : {}),
        values: (_u, splits) => formatTicks(splits, p.unit),
        // A fixed width would clip long labels, and the first characters are the ones that matter.
        size: (u, values) => Math.max(44, ...(values ?? []).map((v) => textWidth(u.ctx, v) + 16)),
      },
    ],
    series: [{}, ...p.lines.map((line) => lineOptions(line, width, p.stacked))],
    ...(p.stacked ? { bands: p.lines.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) } : {}),
    hooks: {
      ready: [
        (u) => {
          u.over.addEventListener('mouseenter', () => (inside = true))
          u.over.addEventListener('mouseleave', () => {
            inside = false
            hover.value = undefined
          })
        },
      ],
      setCursor: [
        (u) => {
          const { idx, left = -1, top = -1 } = u.cursor
          if (!inside || idx == null || left < 0) return
          hover.value = { idx, left, top, nearest: nearestSeries(u, idx, top) }
        },
      ],
      setSelect: [
        (u) => {
          const { left, width: w } = u.select
          if (w < 4) return
          const [from, to] = [u.posToVal(left, 'x') * 1000, u.posToVal(left + w, 'x') * 1000]
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          if (to - from >= 1000) current.current.onZoom(from, to)
        },
      ],
    },
  }
}

function lineOptions(line: LegendEntry, width: number, stacked: boolean): uPlot.Series {
  return {
    label: line.name,
    stroke: line.color,
    width,
    dash: [...line.dash],
    ...(stacked ? { fill: `${line.color}59` } : {}),
    // A sample between two gaps has no line to be seen by: it gets a dot.
    points: {
      show: false,
      size: 4,
      fill: line.color,
      filter: (u, series) => {
        const column = u.data[series]!
        const lone: number[] = []
        for (let i = 0; i < column.length; i++) {
          if (column[i] != null && column[i - 1] == null && column[i + 1] == null) lone.push(i)
        }
        return lone
      },
    },
  }
}

function valueRange(min: number | null, max: number | null, stacked: boolean): [number, number] {
  if (min === null || max === null) return [0, 1]
  // Zero belongs on the axis when values come anywhere near it, or differences look bigger than they are.
  const low = stacked || (min > 0 && min < max * 0.65) ? Math.min(0, min) : min
  if (low === max) return max === 0 ? [-1, 1] : [Math.min(0, max * 1.2), Math.max(0, max * 1.2)]
  const pad = (max - low) * 0.06
  return [low === 0 ? 0 : low - pad, max + pad]
}

/** The line closest to the pointer, so that the tooltip can name it. */
function nearestSeries(u: uPlot, idx: number, top: number): number | undefined {
  let best: number | undefined
  let distance = 30
  for (let i = 1; i < u.data.length; i++) {
    const v = u.data[i]![idx]
    if (v == null) continue
    const d = Math.abs(u.valToPos(v, 'y') - top)
    if (d < distance) [best, distance] = [i - 1, d]
  }
  return best
}

const widths = new Map<string, number>()
function textWidth(ctx: CanvasRenderingContext2D, text: string): number {
  let w = widths.get(text)
  if (w === undefined) {
    ctx.save()
    ctx.font = AXIS_FONT
    w = ctx.measureText(text).width
    ctx.restore()
    widths.set(text, w)
  }
  return w
}
