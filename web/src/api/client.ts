// The one door to the server. Paths are relative to where the page lives, so a reverse-proxy prefix needs no setting.

import type { QueryData } from './types'

/** The folder the UI is served from: the server names it in a <base> to pages of deeper routes. */
export const BASE = new URL('./', document.baseURI)

export interface Answer<T> {
  data: T
  warnings: string[]
  infos: string[]
}

/** `kind` is the API's errorType, or "network" when no answer came, or "http" when it was not the API that answered. */
export class ApiError extends Error {
  readonly kind: string
  constructor(kind: string, message: string) {
    super(message)
    this.name = 'ApiError'
    this.kind = kind
  }
}

interface Envelope {
  status: 'success' | 'error'
  data?: unknown
  errorType?: string
  error?: string
  warnings?: string[]
  infos?: string[]
}

async function request(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, BASE), { credentials: 'same-origin', ...init })
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e
    throw new ApiError('network', 'No answer from the server. Is it running, and reachable from here?')
  }
}

async function call<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  const response = await request(path, init)
  let body: Envelope | undefined
  try {
    body = (await response.json()) as Envelope
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e
  }
  if (body?.status === 'success') {
    return { data: body.data as T, warnings: body.warnings ?? [], infos: body.infos ?? [] }
  }
  if (body?.status === 'error') throw new ApiError(body.errorType ?? 'http', body.error ?? `HTTP ${response.status}`)
  throw new ApiError('http', `The server answered ${response.status} ${response.statusText} to ${path}, which is not an API reply.`)
}

const withoutUndefined = (params: Record<string, string | undefined>): URLSearchParams => {
  const out = new URLSearchParams()
  for (const [k, v] of Object.entries(params)) if (v !== undefined) out.set(k, v)
  return out
}

/** GET api/v1/<path>. */
export async function get<T>(path: string, params: Record<string, string | undefined> = {}, signal?: AbortSignal): Promise<T> {
  const query = withoutUndefined(params).toString()
  const answer = await call<T>(`api/v1/${path}${query ? `?${query}` : ''}`, signal ? { signal } : {})
  return answer.data
}

// Queries go as POST forms: expressions outgrow what proxies accept in a URL.
const post = <T>(path: string, params: Record<string, string>, signal?: AbortSignal): Promise<Answer<T>> =>
  call<T>(`api/v1/${path}`, { method: 'POST', body: new URLSearchParams(params), ...(signal ? { signal } : {}) })

/** An instant query; without a time the server's own now counts, which spares us clock differences. */
export const queryInstant = (expr: string, timeMs?: number, signal?: AbortSignal): Promise<Answer<QueryData>> =>
  post('query', timeMs === undefined ? { query: expr } : { query: expr, time: String(timeMs / 1000) }, signal)

export const queryRange = (expr: string, fromMs: number, toMs: number, stepMs: number, signal?: AbortSignal): Promise<Answer<QueryData>> =>
  post(
    'query_range',
    { query: expr, start: String(fromMs / 1000), end: String(toMs / 1000), step: String(stepMs / 1000) },
    signal,
  )

/** True once the server says it can answer queries. */
export async function isReady(signal?: AbortSignal): Promise<boolean> {
  return (await request('-/ready', signal ? { signal } : {})).ok
}
