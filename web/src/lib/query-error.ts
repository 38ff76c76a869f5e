// Where a PromQL error points: messages carry "line:column: parse error: …".

export interface ErrorPlace {
  /** The source line the error is in. */
  source: string
  /** Column of the caret in that line, from 0. */
  column: number
  /** The message without position and the prefix that only repeats it. */
  message: string
}

const POSITION = /(?:^|\s)(\d+):(\d+):\s*(?:parse error:\s*)?(.*)$/s

/** The place in `expr` that `message` speaks about, or undefined when it names none. */
export function locateError(expr: string, message: string): ErrorPlace | undefined {
  const m = POSITION.exec(message)
  if (!m) return undefined
  const lines = expr.split('\n')
  const source = lines[Number(m[1]) - 1]
  const column = Number(m[2]) - 1
  if (source === undefined || column < 0) return undefined
  return { source, column: Math.min(column, source.length), message: m[3]!.trim() || message }
}
