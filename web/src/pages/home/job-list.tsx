// Health per job: how many of its targets answer, and for how long that has been so.

import { formatCount } from '../../lib/format'
import { Icon } from '../../ui/icons'
import { Skeleton } from '../../ui/notices'
import { Sparkline } from '../../ui/sparkline'
import type { Job } from './load'

export function JobList({ jobs }: { jobs: Job[] | undefined }) {
  const total = jobs?.reduce((n, j) => n + j.total, 0)
  return (
    <section class="card" aria-labelledby="home-jobs">
      <div class="card-head">
        <h2 id="home-jobs">Targets by job</h2>
        {total === undefined ? null : <span class="count">{formatCount(total)}</span>}
        <span class="spacer" />
        <a href="./targets">All targets</a>
      </div>
      {!jobs ? (
        <Skeleton rows={5} />
      ) : (
        <table class="table jobs">
          <thead>
            <tr>
              <th>Job</th>
              <th class="right">Up</th>
              <th class="right">Samples</th>
              <th>Last 30 min</th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <JobRow key={job.name} job={job} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function JobRow({ job }: { job: Job }) {
  const well = job.up === job.total
  return (
    <tr>
      <td>
        <span class={`job tone-${well ? 'good' : 'bad'}`}>
          <Icon name={well ? 'ok' : 'down'} size={15} />
          <span class="sr-only">{well ? 'healthy:' : 'has targets down:'}</span>
          <a href={`./targets?q=${encodeURIComponent(`job=${job.name}`)}`}>{job.name || '(no job)'}</a>
        </span>
      </td>
      <td class={`right ${well ? '' : 'job-bad'}`}>
        {formatCount(job.up)} / {formatCount(job.total)}
      </td>
      <td class="right">{Number.isNaN(job.samples) ? '–' : formatCount(job.samples)}</td>
      <td class="job-spark">
        <Sparkline column={job.history} bounds={[0, job.total]} height={20} label={`Targets of ${job.name} up over the last 30 minutes`} />
      </td>
    </tr>
  )
}
