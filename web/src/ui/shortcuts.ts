// Binds the key machine to the document. Keys typed into a field belong to the field.

import { useEffect } from 'preact/hooks'
import { pressKey, type KeyState } from '../lib/keys'
import { go, pathOfPage } from '../state/router'
import { singleKeys } from '../state/settings'

const isField = (el: Element | null): boolean =>
  el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName))

export function useShortcuts(showHelp: () => void): void {
  useEffect(() => {
    let state: KeyState = { goAtMs: 0 }
    const onKey = (e: KeyboardEvent): void => {
      const field = isField(document.activeElement)
      if (e.key === 'Escape' && field && !e.defaultPrevented) (document.activeElement as HTMLElement).blur()
      if (field || e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return
      if (singleKeys.value === 'off' || document.querySelector('dialog[open]')) return
      const pressed = pressKey(state, e.key, e.timeStamp)
      state = pressed.state
      if (!pressed.action) return
      e.preventDefault()
      if (pressed.action.kind === 'go') go(pathOfPage(pressed.action.page))
      else if (pressed.action.kind === 'help') showHelp()
      else document.querySelector<HTMLElement>('[data-page-search]')?.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
