// The clock behind "12 s ago": one tick per second for all, none while nobody looks.

import { signal } from '@preact/signals'

export const now = signal(Date.now())

setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 1000)
