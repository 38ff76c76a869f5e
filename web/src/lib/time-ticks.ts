// Labels of a time axis: the day where it changes, otherwise hours, minutes, and seconds only when they differ.

import { formatAbsolute } from './time-range'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `times` and `stepS` in seconds, as the chart library counts. */
export function formatTimeTicks(times: readonly number[], stepS: number, utc: boolean): string[] {
  let lastDay = ''
  return times.map((t, i) => {
    const text = formatAbsolute(Math.round(t * 1000), utc)
    const day = text.slice(0, 10)
    const newDay = i > 0 && day !== lastDay
    lastDay = day
    if (stepS >= 28 * 86_400) return text.slice(0, 7)
    if (stepS >= 86_400 || (newDay && text.slice(11, 19) === '00:00:00')) {
      return `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]}`
    }
    return stepS >= 60 ? text.slice(11, 16) : text.slice(11, 19)
  })
}
