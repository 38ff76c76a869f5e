// A state as shape, colour and word together: never by colour alone.

import { Icon, type IconName } from './icons'

const LOOK: Record<string, { icon: IconName; tone: string; word: string }> = {
  firing: { icon: 'firing', tone: 'bad', word: 'Firing' },
  pending: { icon: 'clock', tone: 'warn', word: 'Pending' },
  inactive: { icon: 'ok', tone: 'good', word: 'Inactive' },
  recording: { icon: 'recording', tone: 'plain', word: 'Recording' },
  up: { icon: 'ok', tone: 'good', word: 'Up' },
  down: { icon: 'down', tone: 'bad', word: 'Down' },
  unknown: { icon: 'unknown', tone: 'plain', word: 'Unknown' },
}

export const stateWord = (state: string): string => LOOK[state]?.word ?? state

export function StateBadge({ state, count }: { state: string; count?: number }) {
  const look = LOOK[state] ?? LOOK.unknown!
  return (
    <span class={`badge tone-${look.tone} state-${state}`}>
      <Icon name={look.icon} size={14} />
      {count === undefined ? '' : `${count} `}
      {stateWord(state)}
    </span>
  )
}

/** Severity as the rule's author wrote it; known words get a tone, unless nothing is wrong now. */
export function Severity({ value, calm = false }: { value: string | undefined; calm?: boolean }) {
  if (!value) return null
  const tone = calm ? 'plain' : value === 'critical' || value === 'page' ? 'bad' : value === 'warning' ? 'warn' : 'plain'
  return <span class={`severity tone-${tone}`}>{value}</span>
}
