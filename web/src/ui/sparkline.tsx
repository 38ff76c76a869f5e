// A word-sized chart. The number beside it says the value; this says how it got there.

import { sparkPath } from '../lib/spark'

interface Props {
  column: readonly (number | null)[]
  label: string
  width?: number
  height?: number
  /** Values the scale always includes, such as 0. */
  bounds?: readonly number[]
}

export function Sparkline({ column, label, width = 120, height = 28, bounds = [] }: Props) {
  const { line, area } = sparkPath(column, width, height, bounds)
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="spark-area" d={area} />
      <path class="spark-line" d={line} vector-effect="non-scaling-stroke" />
    </svg>
  )
}
