// Home: is anything wrong, and where to look first.

import './home.css'
import { tellTruth, type Tone } from '../../lib/truth'
import { countInstances } from '../../lib/rules'
import { alerts } from '../../state/alerts'
import { usePolled } from '../../state/poll'
import { Icon, type IconName } from '../../ui/icons'
import { ErrorBox } from '../../ui/notices'
import { AlertList } from './alert-list'
import { FirstSteps } from './first-steps'
import { JobList } from './job-list'
import { loadJobs, loadReady, loadTiles } from './load'
import { Tiles } from './tiles'

const TONE_ICON: Record<Tone, IconName> = { bad: 'firing', warn: 'clock', good: 'ok' }

export function Home() {
  const jobs = usePolled(loadJobs)
  const tiles = usePolled(loadTiles)
  const ready = usePolled(loadReady)
  const active = alerts.value
  const known = jobs.data !== undefined && active !== undefined
  const truth = known
    ? tellTruth({
        ...countInstances(active),
        targetsUp: jobs.data!.reduce((n, j) => n + j.up, 0),
        targets: jobs.data!.reduce((n, j) => n + j.total, 0),
        ready: ready.data,
      })
    : undefined
  const nothingYet = jobs.data?.length === 0
  return (
    <div class="home" data-testid="home" data-state={known ? 'ready' : 'loading'}>
      <section class={`truth tone-${truth?.tone ?? 'plain'}`} aria-label="Summary">
        <Icon name={truth ? TONE_ICON[truth.tone] : 'unknown'} size={30} />
        <div>
          <p class="truth-headline" data-testid="truth">
            {truth?.headline ?? 'Looking…'}
          </p>
          <p class="truth-details">{truth?.details ?? '\u00a0'}</p>
        </div>
      </section>
      {jobs.error ? <ErrorBox error={jobs.error} since={jobs.at} /> : null}
      {nothingYet ? (
        <FirstSteps />
      ) : (
        <>
          <div class="home-columns">
            <AlertList alerts={active} />
            <JobList jobs={jobs.data} />
          </div>
          <Tiles tiles={tiles.data} />
        </>
      )}
    </div>
  )
}
