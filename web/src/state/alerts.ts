// Active alerts for every page: the pill in the top bar must never be older than a poll.

import { signal } from '@preact/signals'
import { get } from '../api/client'
import type { AlertsData } from '../api/types'
import type { AlertInstance } from '../lib/rules'
import { POLL_MS, poll } from './poll'

/** Undefined until the first answer. */
export const alerts = signal<AlertInstance[] | undefined>(undefined)
export const alertsError = signal<Error | undefined>(undefined)
/** When the server last answered, ms. */
export const lastContact = signal(0)

export function watchAlerts(): void {
  poll(
    async (aborted) => {
      try {
        alerts.value = (await get<AlertsData>('alerts', {}, aborted)).alerts
        alertsError.value = undefined
        lastContact.value = Date.now()
      } catch (e) {
        alertsError.value = e as Error
      }
    },
    () => POLL_MS,
  )
}
