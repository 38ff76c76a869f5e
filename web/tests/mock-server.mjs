// A stand-in for `vigil server` while working on the pages: serves dist/ and answers the API with a simulated MPC
// wallet cluster in which node 4 went down eleven minutes ago.
//
//   node tests/mock-server.mjs [--port 9099] [--prefix /vigil] [--empty] [--targets 10000]

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { evaluate, ParseError, seriesNames, allSeries } from './mock-data.mjs'
import { alertsAndRules, metadata, runbooks, statusPages, targetsPage } from './mock-pages.mjs'

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : (process.argv[at + 1] ?? '')
}
const port = Number(option('port', '9099'))
const prefix = option('prefix', '')
const empty = process.argv.includes('--empty')
const extraTargets = Number(option('targets', '0'))
const dist = fileURLToPath(new URL('../dist/', import.meta.url))

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/plain; charset=utf-8',
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost')
  response.setHeader('Content-Security-Policy', "default-src 'self'; style-src 'self' 'unsafe-inline'")
  response.setHeader('X-Content-Type-Options', 'nosniff')
  if (!url.pathname.startsWith(`${prefix}/`)) return send(response, 404, 'text/plain', 'not found')
  const path = url.pathname.slice(prefix.length)
  if (path === '/-/ready' || path === '/-/healthy') return send(response, 200, 'text/plain', 'ready\n')
  if (path.startsWith('/api/v1/')) {
    const params = url.searchParams
    if (request.method === 'POST') for (const [k, v] of new URLSearchParams(await bodyOf(request))) params.append(k, v)
    return api(path.slice('/api/v1/'.length), params, response)
  }
  return file(path, request, response)
})

async function bodyOf(request) {
  let text = ''
  for await (const part of request) text += part
  return text
}

function send(response, status, type, body) {
  response.writeHead(status, { 'Content-Type': type })
  response.end(body)
}

const json = (response, status, value) => send(response, status, 'application/json', JSON.stringify(value))

async function file(path, request, response) {
  const navigation = (request.headers.accept ?? '').includes('text/html')
  const name = extname(path) ? path : navigation ? '/index.html' : ''
  try {
    let content = await readFile(join(dist, name))
    const up = '../'.repeat(path.split('/').length - 2)
    if (name === '/index.html' && up) content = String(content).replace('<head>', `<head><base href="${up}" />`)
    send(response, 200, TYPES[extname(name)] ?? 'application/octet-stream', content)
  } catch {
    send(response, 404, 'text/plain', 'not found')
  }
}

function api(path, params, response) {
  const ok = (data, more = {}) => json(response, 200, { status: 'success', data, ...more })
  try {
    if (path === 'query') {
      const t = Number(params.get('time') ?? Date.now() / 1000)
      return ok(instant(params.get('query') ?? '', t))
    }
    if (path === 'query_range') {
      const [start, end, step] = ['start', 'end', 'step'].map((k) => Number(params.get(k)))
      const query = params.get('query') ?? ''
      const infos = /rate\(\w+(duration_seconds|bytes)\b(?!_)/.test(query)
        ? [`PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket (1:6)`]
        : []
      return ok({ resultType: 'matrix', result: range(query, start, end, step) }, { infos })
    }
    if (path === 'labels') return ok([...new Set(allSeries().flatMap((s) => Object.keys(s)))].sort())
    if (path === 'label/__name__/values') return ok(seriesNames())
    const values = /^label\/(\w+)\/values$/.exec(path)
    if (values) return ok([...new Set(allSeries().map((s) => s[values[1]]).filter(Boolean))].sort())
    if (path === 'series') return ok(allSeries().filter((s) => params.getAll('match[]').some((m) => m.includes(s.__name__))))
    if (path === 'metadata') return ok(metadata())
    if (path === 'vigil/runbooks') return ok(runbooks(empty).map(({ pack, name }) => ({ pack, name })))
    const runbook = runbooks(empty).find((r) => path === `vigil/runbooks/${r.pack}/${r.name}`)
    if (runbook) return ok(runbook)
    const { alerts, groups } = alertsAndRules(empty)
    if (path === 'alerts') return ok({ alerts })
    if (path === 'rules') return ok({ groups })
    if (path === 'targets') return ok(targetsPage(empty, extraTargets))
    const status = statusPages()[path]
    if (status) return ok(status)
    return json(response, 404, { status: 'error', errorType: 'not_found', error: `no such endpoint: ${path}` })
  } catch (e) {
    if (!(e instanceof ParseError)) throw e
    return json(response, 400, { status: 'error', errorType: 'bad_data', error: `invalid parameter "query": ${e.message}` })
  }
}

/** An empty server still parses: bad queries are refused there too. */
function ask(query, t) {
  const result = evaluate(query, t)
  return empty ? [] : result
}

const spell = (v) => (v === Infinity ? '+Inf' : v === -Infinity ? '-Inf' : String(v))

function instant(query, t) {
  const result = ask(query, t)
  if (typeof result === 'number') return { resultType: 'scalar', result: [t, spell(result)] }
  return { resultType: 'vector', result: result.map((s) => ({ metric: s.labels, value: [t, spell(s.value)] })) }
}

function range(query, start, end, step) {
  const series = new Map()
  for (let t = start; t <= end + 1e-6; t += step) {
    const result = ask(query, t)
    for (const s of typeof result === 'number' ? [{ labels: {}, value: result }] : result) {
      const key = JSON.stringify(s.labels)
      if (!series.has(key)) series.set(key, { metric: s.labels, values: [] })
      series.get(key).values.push([t, spell(s.value)])
    }
  }
  return [...series.values()]
}

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}${prefix}/`))
