// A page whose code arrives on demand.

import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ErrorBox, Skeleton } from './notices'

export function LazyPage({ load }: { load: () => Promise<ComponentType> }) {
  const [Loaded, setLoaded] = useState<ComponentType>()
  const [error, setError] = useState<Error>()
  useEffect(() => {
    load().then(
      (component) => setLoaded(() => component),
      // Typically a new version of the server replaced the files this page was built from.
      () => setError(new Error('This page could not be loaded. Reload to get the current version.')),
    )
  }, [])
  if (error) return <ErrorBox error={error} />
  return Loaded ? <Loaded /> : <Skeleton rows={6} />
}
