// Which rows of a long list to draw: rows have known heights, only those in view (and a margin) become elements.

/** offsets[i] is where row i starts; the last entry is the total height. */
export function rowOffsets(heights: readonly number[]): Float64Array {
  const out = new Float64Array(heights.length + 1)
  for (let i = 0; i < heights.length; i++) out[i + 1] = out[i]! + heights[i]!
  return out
}

/** Rows first..end (exclusive) that touch the band top..bottom. */
export function visibleRows(offsets: Float64Array, top: number, bottom: number): { first: number; end: number } {
  const rows = offsets.length - 1
  const first = Math.max(0, lowerBound(offsets, top) - 1)
  return { first: Math.min(first, rows), end: Math.min(rows, lowerBound(offsets, bottom)) }
}

/** First index whose value is not below `x`. */
function lowerBound(sorted: Float64Array, x: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < x) low = middle + 1
    else high = middle
  }
  return low
}
