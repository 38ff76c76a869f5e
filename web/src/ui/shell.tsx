// The frame around every page: rail, top bar with the firing count, keyboard, and the page itself.

import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Home } from '../pages/home/home'
import { alertsError, lastContact } from '../state/alerts'
import { now } from '../state/now'
import { page, path, pathOfPage, type Page } from '../state/router'
import { rail, theme, type Theme } from '../state/settings'
import { formatSpan } from '../lib/format'
import { FiringPill, FiringAnnouncer } from './firing'
import { HelpDialog } from './help'
import { Icon, Logo, type IconName } from './icons'
import { LazyPage } from './lazy-page'
import { useShortcuts } from './shortcuts'

/** A page without an icon is reached from the page it belongs to. */
const PAGES: { page: Page; title: string; icon?: IconName; of?: Page }[] = [
  { page: 'home', title: 'Home', icon: 'home' },
  { page: 'query', title: 'Query', icon: 'query' },
  { page: 'alerts', title: 'Alerts', icon: 'alerts' },
  { page: 'runbooks', title: 'Runbooks', of: 'alerts' },
  { page: 'targets', title: 'Targets', icon: 'targets' },
  { page: 'status', title: 'Status', icon: 'status' },
]

// Home is what people wait for at three in the morning: it is in the first chunk, the rest follows on demand.
const LAZY: Record<Exclude<Page, 'home'>, () => Promise<ComponentType>> = {
  query: () => import('../pages/query/query-page').then((m) => m.QueryPage),
  alerts: () => import('../pages/alerts/alerts-page').then((m) => m.AlertsPage),
  runbooks: () => import('../pages/runbooks/runbooks-page').then((m) => m.RunbooksPage),
  targets: () => import('../pages/targets/targets-page').then((m) => m.TargetsPage),
  status: () => import('../pages/status/status-page').then((m) => m.StatusPage),
}

export function Shell() {
  const help = useSignal(false)
  useShortcuts(() => (help.value = true))
  const current = page.value
  const title = PAGES.find((p) => p.page === current)?.title ?? 'Not found'
  const heading = useRef<HTMLHeadingElement>(null)
  const place = path.value
  const shown = useRef(place)
  useEffect(() => {
    document.title = current === 'home' ? 'vigil' : `${title} · vigil`
    // A screen reader must hear that the page changed; the first load is announced by the browser itself.
    if (shown.current !== place) heading.current?.focus({ preventScroll: true })
    shown.current = place
  }, [place])
  return (
    <div class="shell" data-rail={rail.value}>
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to content
      </a>
      <Rail current={current} />
      <header class="topbar">
        <span class="topbar-logo">
          <Logo />
        </span>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <span class="spacer" />
        <FiringPill />
        <ThemeSwitch />
        <button type="button" class="icon-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => (help.value = true)}>
          <Icon name="keyboard" />
        </button>
      </header>
      <FiringAnnouncer />
      <main id="main" tabIndex={-1}>
        <ConnectionBanner />
        {current === 'home' ? <Home /> : current ? <LazyPage key={current} load={LAZY[current]} /> : <NotFound />}
      </main>
      {help.value ? <HelpDialog onClose={() => (help.value = false)} /> : null}
    </div>
  )
}

/** By hand: the address of a mere "#main" would be the base's, another page. */
function skipToMain(e: Event): void {
  e.preventDefault()
  const main = document.getElementById('main')
  main?.focus()
  main?.scrollIntoView()
}

function Rail({ current }: { current: Page | undefined }) {
  const open = rail.value === 'open'
  const within = PAGES.find((p) => p.page === current)?.of ?? current
  return (
    <nav class="rail" aria-label="Pages">
      <a class="brand" href="./" aria-label="vigil, home">
        <Logo size={24} />
        <span class="rail-word">vigil</span>
      </a>
      <ul>
        {PAGES.map((p) =>
          p.icon ? (
            <li key={p.page}>
              <a href={pathOfPage(p.page)} aria-current={p.page === within ? (within === current ? 'page' : 'true') : undefined} title={open ? undefined : p.title}>
                <Icon name={p.icon} size={18} />
                <span class="rail-word">{p.title}</span>
              </a>
            </li>
          ) : null,
        )}
      </ul>
      <button
        type="button"
        class="rail-fold"
        aria-expanded={open}
        aria-label={open ? 'Collapse navigation' : 'Expand navigation'}
        onClick={() => (rail.value = open ? 'closed' : 'open')}
      >
        <Icon name={open ? 'railClose' : 'railOpen'} size={18} />
        <span class="rail-word">Collapse</span>
      </button>
    </nav>
  )
}

const NEXT_THEME: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' }
const THEME_ICON: Record<Theme, IconName> = { auto: 'monitor', light: 'sun', dark: 'moon' }

function ThemeSwitch() {
  const label = `Theme: ${theme.value}. Switch to ${NEXT_THEME[theme.value]}`
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={() => (theme.value = NEXT_THEME[theme.value])}>
      <Icon name={THEME_ICON[theme.value]} />
    </button>
  )
}

/** Says that the numbers below are old. Errors of a single request are shown where they happened. */
function ConnectionBanner() {
  const lost = alertsError.value
  if (!lost) return null
  const age = lastContact.value > 0 ? ` What you see is ${formatSpan(now.value - lastContact.value)} old.` : ''
  return (
    <div class="notice tone-bad banner" role="alert" data-state="disconnected">
      <Icon name="down" />
      <div>
        <p>
          {lost.message}
          {age} Trying again every few seconds.
        </p>
      </div>
    </div>
  )
}

function NotFound() {
  return (
    <div class="empty" data-state="empty">
      <p class="empty-title">There is no such page.</p>
      <p>
        <a href="./">Go to the home page</a>
      </p>
    </div>
  )
}
