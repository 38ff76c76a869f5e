// Repeated loading that behaves: never two at once, none while the page is hidden, old data kept on failure.

import { useEffect, useRef, useState } from 'preact/hooks'

export const POLL_MS = 5000

/** Runs `task` now and every `everyMs` after it finished; returns how to stop. A page that comes back to view reloads at once. */
export function poll(task: (signal: AbortSignal) => Promise<void>, everyMs: () => number): () => void {
  const stopped = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let busy = false
  const run = async (): Promise<void> => {
    clearTimeout(timer)
    if (busy || stopped.signal.aborted || document.hidden) return
    busy = true
    try {
      await task(stopped.signal)
    } finally {
      busy = false
    }
    const wait = everyMs()
    if (!stopped.signal.aborted && wait > 0) timer = setTimeout(() => void run(), wait)
  }
  const onVisible = (): void => void (document.hidden ? clearTimeout(timer) : run())
  document.addEventListener('visibilitychange', onVisible)
  void run()
  return () => {
    stopped.abort()
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', onVisible)
  }
}

export interface Polled<T> {
  data: T | undefined
  error: Error | undefined
  /** When `data` arrived, ms. */
  at: number
}

/** Loads on mount, on every change of `deps` and then periodically. Data stays while newer data is on its way or fails. */
export function usePolled<T>(
  load: (signal: AbortSignal) => Promise<T>,
  deps: readonly unknown[] = [],
  everyMs: (data: T | undefined) => number = () => POLL_MS,
): Polled<T> {
  const [state, setState] = useState<Polled<T>>({ data: undefined, error: undefined, at: 0 })
  const latest = useRef(state)
  latest.current = state
  useEffect(
    () =>
      poll(
        async (signal) => {
          try {
            const data = await load(signal)
            if (!signal.aborted) setState({ data, error: undefined, at: Date.now() })
          } catch (e) {
            if (!signal.aborted) setState({ ...latest.current, error: e as Error })
          }
        },
        () => everyMs(latest.current.data),
      ),
    deps,
  )
  return state
}
