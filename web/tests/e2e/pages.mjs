// Visits every page of a running server like a person would, and fails on console errors, CSP violations,
// missing data, horizontal overflow or serious accessibility violations.
//
//   node tests/e2e/pages.mjs BASE_URL [--screenshots DIR] [--empty]
//
// --empty: the server scrapes nothing; the home page must then show its first steps.
// CHROMIUM names the browser, /usr/bin/chromium by default.

import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const args = process.argv.slice(2)
const valueOf = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
const screenshots = valueOf('--screenshots')
const empty = args.includes('--empty')
const base = args.find((a, i) => !a.startsWith('--') && args[i - 1] !== '--screenshots')
if (!base) {
  console.error('usage: node tests/e2e/pages.mjs BASE_URL [--screenshots DIR] [--empty]')
  process.exit(2)
}
if (screenshots) mkdirSync(screenshots, { recursive: true })

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const url = (path) => new URL(path, base.endsWith('/') ? base : `${base}/`).href

const SCREENS = [
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'phone', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
]

/** A page without data after this long has failed. */
const TIMEOUT_MS = 10_000

const failures = []
let checks = 0
const check = (ok, what) => {
  checks++
  if (!ok) failures.push(what)
}

const PAGES = [
  {
    name: 'home',
    path: '',
    async verify(page, at) {
      await page.waitForSelector('[data-testid=home][data-state=ready]')
      if (empty) return check(await page.isVisible('.steps'), `${at}: first steps are missing`)
      await page.waitForSelector('.jobs tbody tr')
      check((await page.textContent('[data-testid=truth]')) !== 'Looking…', `${at}: no sentence`)
      await page.waitForSelector('.tile[data-value]')
    },
  },
  {
    name: 'query',
    path: 'graph?g0.expr=up&g0.tab=0&g0.range_input=15m',
    async verify(page, at) {
      await page.waitForSelector('.cm-content')
      if (empty) return page.waitForSelector('.panel[data-state=empty]').then(() => undefined)
      await page.waitForSelector('.panel[data-state=ready]')
      const count = Number(await page.getAttribute('[data-testid=chart]', 'data-series-count'))
      check(count > 0, `${at}: the graph has no series`)
    },
  },
  {
    name: 'table',
    path: 'query?g0.expr=up&g0.tab=table',
    async verify(page, at) {
      if (empty) return page.waitForSelector('.panel[data-state=empty]').then(() => undefined)
      await page.waitForSelector('[data-testid=result-table] tbody tr')
      check((await page.locator('[data-testid=result-table] tbody tr').count()) > 0, `${at}: no rows`)
    },
  },
  {
    name: 'alerts',
    path: 'alerts',
    verify: (page) => page.waitForSelector('[data-testid=alerts][data-state=ready]'),
  },
  {
    name: 'runbooks',
    path: 'runbooks',
    verify: (page) => page.waitForSelector(empty ? '[data-state=empty]' : '.runbook-list li a'),
  },
  {
    name: 'runbook',
    path: 'runbooks/mpc/MPCNodeDown',
    async verify(page, at) {
      if (empty) return page.waitForSelector('[data-testid=runbook][data-state=error]').then(() => undefined)
      await page.waitForSelector('.prose h2')
      check((await page.textContent('.prose h2')) === 'MPCNodeDown', `${at}: the heading is not the alert`)
      check((await page.locator('.prose a[href^="./query?"]').count()) > 0, `${at}: no expression is a link`)
      check((await page.locator('.prose b').count()) === 0, `${at}: HTML of the text was let through`)
    },
    refused: empty,
  },
  {
    name: 'targets',
    path: 'targets',
    async verify(page) {
      await page.waitForSelector('[data-testid=targets][data-state=ready]')
      if (!empty) await page.waitForSelector('[data-health]')
    },
  },
  { name: 'status', path: 'status', verify: (page) => page.waitForSelector('.facts dd') },
  { name: 'flags', path: 'status?view=flags', verify: (page) => page.waitForSelector('.flags tbody tr') },
  { name: 'config', path: 'status?view=config', verify: (page) => page.waitForSelector('.config, [data-state=empty]') },
]

/** Console errors and page errors of a page, except where a step expects the server to refuse something. */
function listen(page, at) {
  const state = { expectRefusal: false }
  page.on('console', (m) => {
    if (m.type() !== 'error') return
    if (state.expectRefusal && /status of 4\d\d/.test(m.text())) return
    failures.push(`${at}: console: ${m.text()}`)
  })
  page.on('pageerror', (e) => failures.push(`${at}: ${e.message}`))
  return state
}

async function accessible(page, at) {
  // evaluate() runs outside the page's content security policy, unlike an injected script element.
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
  for (const v of serious) failures.push(`${at}: axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ')).join('; ')}`)
  checks++
}

async function visitPages(browser) {
  for (const screen of SCREENS) {
    const context = await browser.newContext({ colorScheme: screen.colorScheme, viewport: screen.viewport, reducedMotion: 'reduce' })
    context.setDefaultTimeout(TIMEOUT_MS)
    for (const { name, path, verify, refused = false } of PAGES) {
      const at = `${name} (${screen.name})`
      const page = await context.newPage()
      listen(page, at).expectRefusal = refused
      try {
        const response = await page.goto(url(path))
        check(response.ok(), `${at}: HTTP ${response.status()}`)
        await verify(page, at)
        await page.waitForSelector('[data-testid=firing-pill]:not([data-firing=""])')
        check(await page.isVisible('[data-testid=firing-pill]'), `${at}: the firing count is not visible`)
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        check(overflow <= 0, `${at}: ${overflow} px wider than the screen`)
        await accessible(page, at)
      } catch (e) {
        failures.push(`${at}: ${e.message.split('\n')[0]}`)
      }
      if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${screen.name}.png`) })
      await page.close()
    }
    await context.close()
  }
}

/** The keyboard, typing and running a query, its error, zoom and the back button. */
async function useIt(browser) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  context.setDefaultTimeout(TIMEOUT_MS)
  const page = await context.newPage()
  const expected = listen(page, 'use')
  try {
    await page.goto(url(''))
    await page.waitForSelector('[data-testid=home]')
    await page.keyboard.press('?')
    await page.waitForSelector('dialog[open]')
    await accessible(page, 'help')
    await page.keyboard.press('Escape')
    await page.waitForSelector('dialog', { state: 'detached' })
    for (const [key, id] of [['a', 'alerts'], ['t', 'targets'], ['s', 'status'], ['q', 'query']]) {
      await page.keyboard.press('g')
      await page.keyboard.press(key)
      await page.waitForSelector(`[data-testid=${id}]`)
    }
    await page.waitForSelector('.cm-content')
    await page.keyboard.press('/')
    await page.keyboard.type('sum by (job) ] (rate(up')
    // The linter marks it after a pause; its mark must not break the security policy.
    await page.waitForSelector('.cm-lintRange')
    expected.expectRefusal = true
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-testid=query-error] .caret')
    expected.expectRefusal = false
    await page.keyboard.press('Control+a')
    await page.keyboard.type('sum(up)')
    await page.keyboard.press('Enter')
    await page.waitForSelector(empty ? '.panel[data-state=empty]' : '.panel[data-state=ready]')
    check(new URL(page.url()).searchParams.get('g0.expr') === 'sum(up)', `use: the URL lacks the query: ${page.url()}`)
    if (!empty) await zoom(page)
    if (!empty) await readRunbook(page, expected)
  } catch (e) {
    failures.push(`use: ${e.message.split('\n')[0]}`)
  }
  await context.close()
}

async function zoom(page) {
  const plot = await page.locator('.u-over').boundingBox()
  await page.mouse.move(plot.x + plot.width * 0.4, plot.y + 80)
  await page.waitForSelector('.tooltip')
  const before = page.url()
  await page.mouse.down()
  await page.mouse.move(plot.x + plot.width * 0.6, plot.y + 80, { steps: 4 })
  await page.mouse.up()
  await page.waitForFunction((old) => location.href !== old, before)
  await page.waitForSelector('.panel:not([data-state=loading])')
  check(new URL(page.url()).searchParams.has('g0.end_input'), `zoom: the URL has no end time: ${page.url()}`)
  await page.goBack()
  check(page.url() === before, 'zoom: the back button did not undo it')
}

/** From an alert to what to do about it, on to the result of an expression there, and back. */
async function readRunbook(page, expected) {
  await page.goto(url('alerts?q=MPCNodeDown'))
  await page.waitForSelector('[data-rule=MPCNodeDown]')
  const rule = page.locator('[data-rule=MPCNodeDown]').first()
  if ((await rule.locator('.rule-head').getAttribute('aria-expanded')) === 'false') await rule.locator('.rule-head').click()
  await rule.locator('.rule-facts').getByRole('link', { name: 'Runbook', exact: true }).click()
  await page.waitForSelector('[data-testid=runbook][data-state=ready] .prose h2')
  check(page.url() === url('runbooks/mpc/MPCNodeDown'), `runbook: the link led to ${page.url()}`)
  check((await page.textContent('.prose h2')) === 'MPCNodeDown', 'runbook: the heading is not the alert')
  check((await page.title()) === 'MPCNodeDown · vigil', `runbook: the title is ${await page.title()}`)
  check((await page.locator('.rail a[aria-current]').textContent()) === 'Alerts', 'runbook: the rail does not say where it belongs')
  await accessible(page, 'runbook after a click')
  await page.locator('.prose a[href^="./query?"]').first().click()
  await page.waitForSelector('[data-testid=query] .panel:not([data-state=loading])')
  check(new URL(page.url()).pathname === new URL(url('query')).pathname, `runbook: the expression led to ${page.url()}`)
  await page.goBack()
  await page.waitForSelector('[data-testid=runbook][data-state=ready]')
  await page.getByRole('link', { name: 'All runbooks' }).click()
  await page.waitForSelector('.runbook-list li a')
  expected.expectRefusal = true
  const missing = await page.goto(url('runbooks/mpc/NoSuchAlert'))
  check(missing.ok(), `missing runbook: HTTP ${missing.status()}`)
  await page.waitForSelector('[data-testid=runbook][data-state=error] .empty-title')
  expected.expectRefusal = false
  // From a deep page the frame's own links still lead where they say.
  await page.locator('.skip').press('Enter')
  check(await page.evaluate(() => document.activeElement?.id === 'main'), 'the skip link does not lead to the content')
  await page.getByRole('link', { name: 'Targets', exact: true }).click()
  await page.waitForSelector('[data-testid=targets]')
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
await visitPages(browser)
await useIt(browser)
await browser.close()

for (const f of failures) console.error(`FAIL ${f}`)
console.log(`${checks} checks, ${failures.length} failures`)
process.exit(failures.length > 0 ? 1 : 0)
