// What the viewer chose for this browser. Kept in localStorage; a browser that forbids it just forgets.

import { effect, signal } from '@preact/signals'

export type Theme = 'auto' | 'light' | 'dark'

const KEY = 'vigil.'

function stored<T extends string>(name: string, allowed: readonly T[], fallback: T) {
  let initial = fallback
  try {
    const found = localStorage.getItem(KEY + name) as T | null
    if (found !== null && allowed.includes(found)) initial = found
  } catch {
    // Storage is denied: the fallback stays.
  }
  const value = signal<T>(initial)
  effect(() => {
    const now = value.value
    try {
      if (now === fallback) localStorage.removeItem(KEY + name)
      else localStorage.setItem(KEY + name, now)
    } catch {
      // Nothing to do: the choice lasts as long as the page.
    }
  })
  return value
}

export const theme = stored<Theme>('theme', ['auto', 'light', 'dark'], 'auto')
export const clock = stored<'local' | 'utc'>('clock', ['local', 'utc'], 'local')
export const rail = stored<'open' | 'closed'>('rail', ['open', 'closed'], 'open')
export const singleKeys = stored<'on' | 'off'>('keys', ['on', 'off'], 'on')

const systemDark = window.matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(systemDark.matches)
systemDark.addEventListener('change', (e) => (systemIsDark.value = e.matches))

export const isDark = (): boolean => (theme.value === 'auto' ? systemIsDark.value : theme.value === 'dark')

effect(() => {
  const root = document.documentElement
  if (theme.value === 'auto') root.removeAttribute('data-theme')
  else root.dataset.theme = theme.value
})
