// The empty installation: three steps to the first graph.

const CONFIG = `scrape_configs:
  - job_name: my-node
    scrape_interval: 10s
    static_configs:
      - targets: ["127.0.0.1:8080"]`

export function FirstSteps() {
  return (
    <section class="card steps" data-state="empty" aria-labelledby="steps-title">
      <h2 id="steps-title">Three steps to the first graph</h2>
      <ol>
        <li>
          <h3>Say what to watch</h3>
          <p>A Prometheus configuration works as it is. Save this as vigil.yml, with the address of your own /metrics page:</p>
          <pre tabIndex={0}>{CONFIG}</pre>
        </li>
        <li>
          <h3>Start with it</h3>
          <pre tabIndex={0}>vigil server --config.file vigil.yml</pre>
          <p>
            The first samples arrive within one scrape interval. <a href="./targets">Targets</a> shows what is reached and what is not.
          </p>
        </li>
        <li>
          <h3>Or look around first</h3>
          <pre tabIndex={0}>vigil server --demo mpc</pre>
          <p>Starts a simulated five-node wallet cluster with its rules and scrapes it. Then try a query:</p>
          <p>
            <a href="./query?g0.expr=up&g0.tab=graph&g0.range_input=5m">
              <code>up</code>
            </a>
          </p>
        </li>
      </ol>
    </section>
  )
}
