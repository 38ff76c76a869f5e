// The four ways of showing no data, kept apart: loading, error, nothing there, and old data.

import type { ComponentChildren } from 'preact'
import { formatAgo } from '../lib/format'
import { now } from '../state/now'
import { Icon } from './icons'

/** A page's or card's failure. With `since` the old data is still shown below it. */
export function ErrorBox({ error, since }: { error: Error; since?: number }) {
  return (
    <div class="notice tone-bad" role="alert" data-state="error">
      <Icon name="down" />
      <div>
        <p>{error.message}</p>
        {since ? <p class="muted">Showing what was known {formatAgo(since, now.value)}. Trying again every few seconds.</p> : null}
      </div>
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty" data-state="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

/** Grey bars in the place of rows, only before the first answer. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" role="status" data-state="loading">
      <span class="sr-only">Loading…</span>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} style={{ width: `${88 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  )
}
