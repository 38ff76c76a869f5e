// Prometheus 3 and Debian's Prometheus 2 scrape a page of vigil::expose in each format
// and answer queries with its numbers; a real Alertmanager takes vigil's alerts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startVigil } from './cluster.mjs';
import { equal, freePorts, have, http, query, run, skip, start, stop, test, truthy, until } from './harness.mjs';

// The page of examples/formats: 0.01, 0.02, … 1.00 observed once each.
async function startPage({ vigil, dir }) {
  const binary = join(dirname(vigil), 'formats_example');
  if (!have(binary)) return undefined;
  const [port] = await freePorts(1);
  const child = start('formats', binary, [`127.0.0.1:${port}`], { logs: dir });
  await until('page', 15, async () => (await http('GET', `http://127.0.0.1:${port}/metrics`)).status === 200);
  return { child, target: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}/metrics` };
}

const close = (actual, expected, what) => truthy(Math.abs(actual - expected) < 0.03 * Math.max(1, Math.abs(expected)), `${what}: got ${actual}, want ${expected}`);

async function checkNumbers(base, selector, { native }) {
  const value = async expr => (await query(base, expr))[0]?.value;
  await until('scraped', 30, async () => await value(`up{${selector}}`) === 1 && await value(`demo_requests_total{code="200",${selector}}`) === 99);
  equal(await value(`sum(demo_requests_total{${selector}})`), 100, 'counter');
  equal(await value(`demo_temperature_celsius{${selector}}`), -1.5, 'gauge');
  if (native) {
    equal(await value(`histogram_count(demo_request_duration_seconds{${selector}})`), 100, 'native count');
    close(await value(`histogram_sum(demo_request_duration_seconds{${selector}})`), 50.5, 'native sum');
    close(await value(`histogram_quantile(0.9, demo_request_duration_seconds{${selector}})`), 0.9, 'native quantile');
  } else {
    equal(await value(`demo_request_duration_seconds_count{${selector}}`), 100, 'count');
    equal(await value(`demo_request_duration_seconds_bucket{le="0.5",${selector}}`), 50, 'bucket');
    close(await value(`histogram_quantile(0.9, demo_request_duration_seconds_bucket{${selector}})`), 0.9, 'quantile');
  }
}

async function prometheus(name, binary, flags, config, dir) {
  const [port] = await freePorts(1);
  const file = join(dir, `${name}.yml`);
  writeFileSync(file, config);
  const child = start(name, binary, [`--config.file=${file}`, `--storage.tsdb.path=${join(dir, name)}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn', ...flags], { logs: dir });
  const base = `http://127.0.0.1:${port}`;
  await until(`${name} ready`, 30, async () => (await http('GET', `${base}/-/ready`)).status === 200);
  return { child, base };
}

// trace_id of the exemplars that a server keeps of the histogram.
async function exemplars(base, selector) {
  const url = new URL('/api/v1/query_exemplars', base);
  url.searchParams.set('query', `demo_request_duration_seconds_bucket{${selector}}`);
  url.searchParams.set('start', String(Date.now() / 1000 - 600));
  url.searchParams.set('end', String(Date.now() / 1000 + 60));
  return (await http('GET', url)).json().data.flatMap(series => series.exemplars.map(({ labels }) => labels.trace_id));
}

export default async function formats({ vigil, peers, dir }) {
  mkdirSync(dir, { recursive: true });
  const page = await startPage({ vigil, dir });
  if (!page) return skip('formats by real scrapers', 'formats_example is not built');

  const debian = join(peers, 'prometheus/usr/bin/prometheus'), three = join(peers, 'prometheus3/prometheus');
  if (have(three)) {
    const job = (format, protocols, more = '') => `- job_name: ${format}\n  scrape_protocols: [${protocols}]\n${more}  static_configs: [{targets: ['${page.target}']}]\n`;
    const peer = await prometheus('prometheus3', three, ['--enable-feature=exemplar-storage,created-timestamp-zero-ingestion'],
      `global: {scrape_interval: 1s}\nscrape_configs:\n${job('protobuf', 'PrometheusProto', '  scrape_native_histograms: true\n  always_scrape_classic_histograms: true\n')}` +
      `${job('openmetrics', 'OpenMetricsText1.0.0')}${job('text', 'PrometheusText0.0.4')}`, dir);
    for (const format of ['protobuf', 'openmetrics', 'text']) await test(`Prometheus 3 scrapes ${format}`, () => checkNumbers(peer.base, `job="${format}"`, { native: false }));
    await test('Prometheus 3 reads native histograms from protobuf', () => checkNumbers(peer.base, 'job="protobuf"', { native: true }));
    for (const format of ['protobuf', 'openmetrics']) {
      await test(`Prometheus 3 keeps exemplars of ${format}`, () => until('exemplar', 15, async () => (await exemplars(peer.base, `job="${format}"`)).includes('4bf92f3577b34da6a3ce929d0e0e4736')));
    }
    await stop(peer.child);
  } else {
    skip('scraped by Prometheus 3', 'prometheus3 is not in .cache/peers (./dev setup peers builds it)');
  }

  if (have(debian)) {
    // 2.42 asks for OpenMetrics by itself, and for protobuf only with native histograms.
    const config = `global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: page\n  static_configs: [{targets: ['${page.target}']}]\n`;
    for (const [name, flags, native] of [['openmetrics', [], false], ['protobuf', ['--enable-feature=native-histograms'], true]]) {
      const peer = await prometheus(`prometheus2-${name}`, debian, flags, config, dir);
      await test(`Prometheus 2.42 scrapes ${name}`, () => checkNumbers(peer.base, 'job="page"', { native }));
      await stop(peer.child);
    }
    await test('promtool has nothing to say about the page', async () => {
      const { text } = await http('GET', page.url, { headers: { Accept: 'text/plain;version=0.0.4' } });
      const { code, stdout, stderr } = await run(join(peers, 'prometheus/usr/bin/promtool'), ['check', 'metrics'], { input: text });
      equal([code, stdout, stderr], [0, '', ''], 'promtool check metrics');
    });
  } else {
    skip('scraped by Prometheus 2.42', 'prometheus is not in .cache/peers');
  }
  await stop(page.child);

  const alertmanager = join(peers, 'alertmanager/alertmanager');
  if (!have(alertmanager)) return skip('alerts to a real Alertmanager', 'alertmanager is not in .cache/peers (./dev setup peers builds it)');
  const [port] = await freePorts(1);
  const config = join(dir, 'alertmanager.yml'), rules = join(dir, 'rules.yml'), own = join(dir, 'vigil.yml');
  writeFileSync(config, 'route: {receiver: none}\nreceivers: [{name: none}]\n');
  writeFileSync(rules, 'groups: [{name: g, rules: [{alert: Always, expr: vector(1), labels: {severity: none}, annotations: {summary: "value {{ $value }}"}}]}]\n');
  writeFileSync(own, `global: {evaluation_interval: 1s, external_labels: {cluster: e2e}}\nrule_files: ['${rules}']\nalerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:${port}']}]}]}\n`);
  const child = start('alertmanager', alertmanager, [`--config.file=${config}`, `--storage.path=${join(dir, 'am')}`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='], { logs: dir });
  await until('Alertmanager', 20, async () => (await http('GET', `http://127.0.0.1:${port}/-/ready`)).status === 200);
  const server = await startVigil({ vigil, dir, config: own });
  await test('a real Alertmanager takes our alerts', async () => {
    const alert = await until('alert', 20, async () => (await http('GET', `http://127.0.0.1:${port}/api/v2/alerts`)).json()[0]);
    equal([alert.labels.alertname, alert.labels.cluster, alert.annotations.summary, alert.status.state], ['Always', 'e2e', 'value 1', 'active'], 'alert');
  });
  await stop(server.child);
  await stop(child);
}
