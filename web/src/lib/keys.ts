// Keyboard shortcuts as a small machine: single keys, and "g" followed by a page key.

export type KeyAction =
  | { kind: 'go'; page: 'home' | 'query' | 'alerts' | 'targets' | 'status' }
  | { kind: 'search' }
  | { kind: 'help' }

export interface KeyState {
  /** When "g" was pressed, ms; 0 when no sequence is open. */
  goAtMs: number
}

const PAGES = { h: 'home', q: 'query', a: 'alerts', t: 'targets', s: 'status' } as const
const SEQUENCE_MS = 1500

/** What pressing `key` does, and the state after it. */
export function pressKey(state: KeyState, key: string, nowMs: number): { state: KeyState; action?: KeyAction } {
  const open = state.goAtMs > 0 && nowMs - state.goAtMs <= SEQUENCE_MS
  const idle: KeyState = { goAtMs: 0 }
  if (open && key in PAGES) return { state: idle, action: { kind: 'go', page: PAGES[key as keyof typeof PAGES] } }
  if (key === 'g') return { state: { goAtMs: nowMs } }
  if (key === '/') return { state: idle, action: { kind: 'search' } }
  if (key === '?') return { state: idle, action: { kind: 'help' } }
  return { state: idle }
}
