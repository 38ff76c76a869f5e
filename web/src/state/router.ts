// Where we are. The URL is the whole state of a page, so a copied link shows what its sender saw.

import { computed, signal } from '@preact/signals'
import { BASE } from '../api/client'

export type Page = 'home' | 'query' | 'alerts' | 'runbooks' | 'targets' | 'status'

/** First segments of paths below the base and the page each one shows; /graph is what Prometheus' own links point to. */
const PAGE_OF_PATH: Record<string, Page> = {
  '': 'home',
  query: 'query',
  graph: 'query',
  alerts: 'alerts',
  runbooks: 'runbooks',
  targets: 'targets',
  status: 'status',
}

/** Pages with others below them, and how many segments those may add: /runbooks/mpc/MPCNodeDown. */
const BELOW: Partial<Record<Page, number>> = { runbooks: 2 }

function pageOf(path: string): Page | undefined {
  const [first = '', ...rest] = path.split('/')
  const page = PAGE_OF_PATH[first]
  return page !== undefined && rest.length <= (BELOW[page] ?? 0) ? page : undefined
}

export const pathOfPage = (page: Page): string => (page === 'home' ? './' : `./${page}`)

const location$ = signal(readLocation())

function readLocation(): { path: string; search: string } {
  const path = window.location.pathname
  const below = path.startsWith(BASE.pathname) ? path.slice(BASE.pathname.length) : path
  return { path: below, search: window.location.search }
}

/** The current page, or undefined when the path is none of ours. */
export const page = computed<Page | undefined>(() => pageOf(location$.value.path))

/** The path below the base, for what must notice every change of place. */
export const path = computed(() => location$.value.path)

/** What follows the page's own name in the path. */
export const below = computed(() => location$.value.path.split('/').slice(1).map(decoded))

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

export const params = computed(() => new URLSearchParams(location$.value.search))

/** Goes to a URL relative to the base. `replace` for what the back button should not stop at. */
export function go(href: string, replace = false): void {
  const url = new URL(href, BASE)
  if (url.href === window.location.href) return
  if (replace) history.replaceState(null, '', url)
  else history.pushState(null, '', url)
  location$.value = readLocation()
}

/** Sets parameters of the current page; empty values are left out of the URL. */
export function setParams(changes: Record<string, string>, replace = true): void {
  const next = new URLSearchParams(params.value)
  for (const [k, v] of Object.entries(changes)) {
    if (v === '') next.delete(k)
    else next.set(k, v)
  }
  const query = next.toString()
  go(`./${location$.value.path}${query ? `?${query}` : ''}`, replace)
}

/** Makes plain clicks on our own links stay in the page. */
export function startRouter(): void {
  // All links are relative to the base, also on pages that lie deeper.
  const base = document.querySelector('base') ?? document.head.appendChild(document.createElement('base'))
  base.href = BASE.href
  window.addEventListener('popstate', () => (location$.value = readLocation()))
  document.addEventListener('click', (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
    const link = (e.target as Element | null)?.closest?.('a')
    if (!link || link.target || link.hasAttribute('download')) return
    const url = new URL(link.href, BASE)
    if (url.origin !== BASE.origin || !url.pathname.startsWith(BASE.pathname) || url.hash) return
    if (pageOf(url.pathname.slice(BASE.pathname.length)) === undefined) return
    e.preventDefault()
    const samePage = url.pathname === window.location.pathname
    go(url.href)
    if (!samePage) window.scrollTo(0, 0)
  })
}
