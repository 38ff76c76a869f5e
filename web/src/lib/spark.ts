// The path of a sparkline: gaps stay gaps, a flat line sits in the middle.

export interface SparkPath {
  line: string
  area: string
}

/** `bounds` are values the scale always includes. */
export function sparkPath(column: readonly (number | null)[], width: number, height: number, bounds: readonly number[] = []): SparkPath {
  const known = column.filter((v): v is number => v !== null)
  if (known.length === 0) return { line: '', area: '' }
  let min = Math.min(...known, ...bounds)
  let max = Math.max(...known, ...bounds)
  if (max === min) {
    max += Math.abs(max) || 1
    min -= Math.abs(min) || 1
  }
  const x = (i: number): number => round((i / Math.max(1, column.length - 1)) * width)
  const y = (v: number): number => round(height - 1 - ((v - min) / (max - min)) * (height - 2))
  let line = ''
  let area = ''
  let run: number[] = []
  const closeRun = (): void => {
    if (run.length === 0) return
    const points = run.map((i) => `${x(i)} ${y(column[i]!)}`)
    // A lone sample would be an invisible path of length zero.
    line += `M${points.join('L')}${run.length === 1 ? 'h0.01' : ''}`
    area += `M${x(run[0]!)} ${height}L${points.join('L')}L${x(run.at(-1)!)} ${height}Z`
    run = []
  }
  column.forEach((v, i) => (v === null ? closeRun() : run.push(i)))
  closeRun()
  return { line, area }
}

const round = (v: number): number => Math.round(v * 10) / 10
