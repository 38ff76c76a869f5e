// Real Prometheus programs against vigil: promtool queries it, a Prometheus
// scrapes its /federate and writes to it, vigil alerts to a real API v2.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVigil } from './cluster.mjs';
import { freePorts, have, http, query, run, sink, skip, sleep, start, stop, test, truthy, until, equal } from './harness.mjs';

export default async function compatibility({ vigil, peers, dir }) {
  mkdirSync(dir, { recursive: true });
  const promtool = join(peers, 'prometheus/usr/bin/promtool'), prometheus = join(peers, 'prometheus/usr/bin/prometheus');
  const am = await sink();
  const config = join(dir, 'prometheus.yml'), rules = join(dir, 'rules.yml');
  const [self] = await freePorts(1);
  writeFileSync(rules, 'groups:\n- name: g\n  rules:\n  - record: job:up:sum\n    expr: sum by (job) (up)\n  - alert: Always\n    expr: vector(1)\n    labels: {severity: none}\n');
  const amTarget = new URL(am.url).host;
  writeFileSync(config, `global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {cluster: e2e}}\nrule_files: ['${rules}']\n` +
    `alerting: {alertmanagers: [{static_configs: [{targets: ['${amTarget}']}]}]}\n` +
    `scrape_configs:\n- job_name: peer\n  static_configs: [{targets: ['127.0.0.1:${self}']}]\n`);
  if (!have(prometheus)) return skip('compatibility with Prometheus', 'prometheus is not in .cache/peers');

  const server = await startVigil({ vigil, dir, config, flags: ['--web.enable-remote-write-receiver'] });
  const peerConfig = join(dir, 'peer.yml');
  writeFileSync(peerConfig, 'global: {scrape_interval: 1s}\n' +
    `scrape_configs:\n- job_name: federate\n  honor_labels: true\n  metrics_path: /federate\n  params: {'match[]': ['{__name__=~"job:.*|up"}']}\n  static_configs: [{targets: ['127.0.0.1:${server.port}']}]\n` +
    `- job_name: vigil\n  static_configs: [{targets: ['127.0.0.1:${server.port}']}]\n` +
    `remote_write: [{url: 'http://127.0.0.1:${server.port}/api/v1/write', queue_config: {batch_send_deadline: 1s}, write_relabel_configs: [{target_label: written, replacement: 'yes'}]}]\n`);
  const peer = start('prometheus', prometheus, [`--config.file=${peerConfig}`, `--storage.tsdb.path=${join(dir, 'peer')}`, `--web.listen-address=127.0.0.1:${self}`, '--log.level=warn'], { logs: dir });
  const peerBase = `http://127.0.0.1:${self}`;

  await test('a Prometheus is scraped', () => until('up', 30, async () => (await query(server.base, 'up{job="peer"}'))[0]?.value === 1));
  await test('promtool query instant, range, series, labels', async () => {
    await until('rule output', 20, async () => (await query(server.base, 'job:up:sum{job="peer"}'))[0]);
    await sleep(3000);
    const now = Math.floor(Date.now() / 1000);
    for (const [args, wanted] of [
      [['instant', server.base, 'up{job="peer"}'], /up\{.*job="peer".*\} => 1 @/],
      [['range', `--start=${now - 5}`, `--end=${now}`, '--step=1s', server.base, 'job:up:sum'], /job:up:sum\{job="peer"\} =>[\s\S]*1 @\[/],
      [['series', '--match=up', server.base], /__name__="up"/],
      [['labels', server.base, 'job'], /^peer$/m],
    ]) {
      const { code, stdout, stderr } = await run(promtool, ['query', ...args]);
      truthy(code === 0 && wanted.test(stdout), `promtool query ${args[0]}: exit ${code}\n${stdout.slice(0, 500)}\n${stderr}`);
    }
  });
  await test('promtool accepts our own metrics page', async () => {
    const page = await http('GET', `${server.base}/metrics`, { headers: { Accept: 'text/plain;version=0.0.4' } });
    const { code, stdout, stderr } = await run(promtool, ['check', 'metrics'], { input: page.text });
    truthy(code === 0 || code === 3, `exit ${code}: ${stdout}${stderr}`);
  });
  await test('a Prometheus scrapes /federate and our own metrics', async () => {
    await until('federated', 30, async () => (await query(peerBase, 'job:up:sum{job="peer",cluster="e2e"}'))[0]);
    await until('own metrics', 30, async () => (await query(peerBase, 'up{job="vigil"}'))[0]?.value === 1);
  });
  await test('a Prometheus writes to us', () => until('written', 40, async () => (await query(server.base, 'up{written="yes",job="vigil"}'))[0]?.value === 1));
  await test('alerts reach an external Alertmanager by API v2', async () => {
    const request = await until('POST', 20, () => am.requests.find(({ path }) => path === '/api/v2/alerts'));
    equal(request.json[0].labels.alertname, 'Always', 'alertname');
    equal(request.json[0].labels.cluster, 'e2e', 'external label');
    truthy(request.json[0].startsAt && request.json[0].endsAt && request.json[0].generatorURL, 'times and URL');
  });
  await test('answers have the shapes of the API', async () => {
    for (const path of ['status/buildinfo', 'status/config', 'status/flags', 'status/runtimeinfo', 'status/tsdb', 'metadata', 'rules', 'alerts', 'targets', 'labels',
      'label/job/values', 'series?match[]=up', 'format_query?query=sum(up)by(job)', 'parse_query?query=up']) {
      const { status, json } = await http('GET', `${server.base}/api/v1/${path}`);
      equal(status, 200, path);
      equal(json().status, 'success', path);
    }
  });
  await stop(server.child);
  await stop(peer);
  am.close();
}
