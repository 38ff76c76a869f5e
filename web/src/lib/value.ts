// Sample values: the API sends them as strings because JSON has no NaN or infinities.

/** The number of an API value; text that is no number becomes NaN. */
export function parseValue(text: string): number {
  switch (text) {
    case '+Inf':
    case 'Inf':
      return Infinity
    case '-Inf':
      return -Infinity
    case 'NaN':
    case '':
      return NaN
    default:
      return Number(text)
  }
}

/** Order for sorting: numbers as usual, NaN after everything. */
export function compareValues(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a - b
}
