// The server benchmark: vigil beside Prometheus and VictoriaMetrics in one run.
//
//   node bench/run.mjs --vigil build/bench/bin/vigil --bin build/bench --peers .cache/peers
//        [--runs 3] [--nodes 40] [--only ingest,memory,scrape] [--engines vigil,prometheus] [--out FILE.json]
//
// Every figure is the median over the runs; each engine starts on an empty
// directory, one at a time, with default settings and its durability on.
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const options = { runs: '3', nodes: '40', only: 'ingest,memory,scrape', engines: 'vigil,prometheus,victoriametrics', seconds: '60' };
for (let i = 2; i < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
const load = join(options.bin, 'bench', 'load');
const work = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const ENGINES = {
  vigil: {
    port: 19190, binary: options.vigil,
    args: (data, config, port) => ['server', `--config.file=${config}`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver', '--log.level=warn'],
    ready: '/-/ready',
  },
  prometheus: {
    port: 19090, binary: join(options.peers, 'prometheus/usr/bin/prometheus'),
    args: (data, config, port) => [`--config.file=${config}`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver', '--log.level=warn'],
    ready: '/-/ready',
  },
  victoriametrics: {
    port: 18428, binary: join(options.peers, 'victoria-metrics/usr/bin/victoria-metrics'),
    args: (data, config, port) => [`-storageDataPath=${data}`, '-retentionPeriod=100y', `-httpListenAddr=127.0.0.1:${port}`,
      `-promscrape.config=${config}`, '-promscrape.config.strictParse=false', '-loggerLevel=WARN'],
    ready: '/health',
  },
};

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const geomean = values => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
const json = (command, args) => JSON.parse(execFileSync(command, args.map(String), { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] }));

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
function memoryMiB(pid) {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = key => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1024;
  return { rss: read('VmRSS'), peak: read('VmHWM'), anonymous: read('RssAnon') };
}
function diskBytes(path) {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    const full = join(path, entry.name);
    try {
      const info = statSync(full);
      return sum + (entry.isDirectory() ? diskBytes(full) : Math.min(info.size, info.blocks * 512));
    } catch { return sum; }
  }, 0);
}

class Server {
  constructor(name, config = 'global: {scrape_interval: 15s}\nscrape_configs: []\n') {
    this.engine = ENGINES[name];
    this.base = `http://127.0.0.1:${this.engine.port}`;
    this.data = join(work, name);
    rmSync(this.data, { recursive: true, force: true });
    mkdirSync(this.data);
    this.config = join(work, `${name}.yml`);
    writeFileSync(this.config, config);
    this.log = openSync(join(work, `${name}.log`), 'a');
  }
  // Milliseconds until the engine is ready, or until `probe` has data.
  async start(probe) {
    const began = performance.now();
    this.child = spawn(this.engine.binary, this.engine.args(this.data, this.config, this.engine.port), { stdio: ['ignore', this.log, this.log] });
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`${this.engine.binary} died: ${readFileSync(join(work, 'vigil.log'), 'utf8').slice(-2000)}`);
      try {
        const answer = await fetch(this.base + (probe ?? this.engine.ready));
        const text = await answer.text();
        if (answer.ok && (!probe || text.includes('"value":['))) return performance.now() - began;
      } catch { /* not listening yet */ }
      await sleep(2);
    }
  }
  get pid() { return this.child.pid; }
  async stop(signal = 'SIGTERM') {
    const exited = new Promise(resolve => this.child.once('exit', resolve));
    this.child.kill(signal);
    await exited;
  }
  // Waits until background work (merges, compaction) is over.
  async settle(limit = 60) {
    for (let quiet = 0, waited = 0; quiet < 2 && waited < limit; waited += 3) {
      const before = cpuSeconds(this.pid);
      await sleep(3000);
      quiet = cpuSeconds(this.pid) - before < 0.12 ? quiet + 1 : 0;
    }
  }
}

async function ingest(name, file, end) {
  const server = new Server(name);
  const result = { start_ms: await server.start() };
  await sleep(500);
  result.idle_rss_mib = memoryMiB(server.pid).rss;
  const cpu = cpuSeconds(server.pid);
  const sent = json(load, ['send', '--in', file, '--url', `${server.base}/api/v1/write`]);
  if (sent.failures > 0) throw new Error(`${name}: ${sent.failures} requests failed`);
  result.ingest_samples_per_s = sent.samples_per_s;
  result.request_p50_ms = sent.p50_ms;
  result.request_p99_ms = sent.p99_ms;
  result.whole_directory_bytes_per_sample = diskBytes(server.data) / sent.samples;
  await server.settle();
  result.cpu_s_per_million = (cpuSeconds(server.pid) - cpu) / (sent.samples / 1e6);
  result.peak_rss_mib = memoryMiB(server.pid).peak;
  result.settled_bytes_per_sample = diskBytes(server.data) / sent.samples;
  result.queries = json(load, ['query', '--url', server.base, '--queries', join(here, 'queries.txt'), '--end', end]);
  const probe = `/api/v1/query?nocache=1&query=${encodeURIComponent('count(chain_head_block_height)')}&time=${end - 15}`;
  await server.stop('SIGKILL');
  result.restart_after_kill_ms = await server.start(probe);
  await server.stop();
  result.restart_after_term_ms = await server.start(probe);
  await server.stop();
  return result;
}

async function memory(name, file) {
  const server = new Server(name);
  await server.start();
  await sleep(500);
  const before = memoryMiB(server.pid).anonymous;
  json(load, ['send', '--in', file, '--url', `${server.base}/api/v1/write`]);
  await server.settle(30);
  const bytes = (memoryMiB(server.pid).anonymous - before) * 1048576;
  await server.stop();
  return { memory_bytes_per_series: bytes / 200000 };
}

async function scrape(name) {
  const count = 200, port = 21000;
  const targets = spawn(load, ['targets', '--port', String(port), '--count', String(count)], { stdio: 'ignore' });
  await sleep(500);
  const list = Array.from({ length: count }, (_, i) => `'127.0.0.1:${port + i}'`).join(', ');
  const server = new Server(name, `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- job_name: nodes\n  static_configs:\n  - targets: [${list}]\n`);
  await server.start();
  await sleep(10000);
  const cpu = cpuSeconds(server.pid);
  const window = Number(options.seconds);
  await sleep(window * 1000);
  const used = cpuSeconds(server.pid) - cpu;
  const answer = await (await fetch(`${server.base}/api/v1/query?query=${encodeURIComponent('sum(up)')}`)).json();
  const result = {
    scrape_targets_up: Number(answer.data.result[0]?.value[1] ?? 0),
    scrape_cpu_us_per_sample: used / (window * count * 500) * 1e6,
    scrape_rss_mib: memoryMiB(server.pid).peak,
  };
  await server.stop();
  targets.kill();
  return result;
}

const only = options.only.split(',');
const names = options.engines.split(',').filter(name => existsSync(ENGINES[name].binary) || (console.error(`skipped: ${name} is not in ${options.peers} (./dev setup bench)`), false));
const end = Math.floor(Date.now() / 1000) - 60;
const ingestFile = join(work, 'ingest.rw'), memoryFile = join(work, 'memory.rw');
if (only.includes('ingest')) json(load, ['gen', '--nodes', options.nodes, '--hours', 6, '--end', end, '--out', ingestFile]);
if (only.includes('memory')) json(load, ['gen', '--nodes', 400, '--hours', 20 * 15 / 3600, '--end', end, '--out', memoryFile]);

const results = Object.fromEntries(names.map(name => [name, []]));
for (let run = 1; run <= Number(options.runs); ++run) {
  for (const name of names) {
    process.stderr.write(`run ${run}/${options.runs} ${name}\n`);
    const result = {};
    if (only.includes('ingest')) Object.assign(result, await ingest(name, ingestFile, end));
    if (only.includes('memory')) Object.assign(result, await memory(name, memoryFile));
    if (only.includes('scrape')) Object.assign(result, await scrape(name));
    results[name].push(result);
  }
}

// --- report -------------------------------------------------------------------

const figure = (name, pick) => {
  const values = (results[name] ?? []).map(pick).filter(value => value !== undefined && !Number.isNaN(value));
  return values.length ? median(values) : undefined;
};
const show = value => value === undefined ? '-' : value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toPrecision(3);
const ratio = (mine, other) => mine === undefined || other === undefined ? '-' : (mine / other).toFixed(2);
const line = (label, pick) => {
  const [vigil, prometheus, victoria] = ['vigil', 'prometheus', 'victoriametrics'].map(name => figure(name, pick));
  console.log(`| ${label} | ${show(vigil)} | ${show(prometheus)} | ${show(victoria)} | ${ratio(vigil, prometheus)} | ${ratio(vigil, victoria)} |`);
};
const header = first => console.log(`\n| ${first} | vigil | Prometheus | VictoriaMetrics | vigil/Prom | vigil/VM |\n|---|---|---|---|---|---|`);

header('figure');
for (const [key, label] of Object.entries({
  ingest_samples_per_s: 'ingest, samples/s', cpu_s_per_million: 'CPU-s per million samples', request_p50_ms: 'request p50, ms', request_p99_ms: 'request p99, ms',
  start_ms: 'start, empty, ms', idle_rss_mib: 'RSS idle, MiB', peak_rss_mib: 'RSS peak in ingest, MiB',
  whole_directory_bytes_per_sample: 'whole directory at the end of ingest, B/sample', settled_bytes_per_sample: 'whole directory settled, B/sample',
  restart_after_kill_ms: 'restart after kill -9 until data, ms', restart_after_term_ms: 'restart after SIGTERM until data, ms',
  memory_bytes_per_series: 'memory per active series, B (200k x 20)', scrape_targets_up: 'scrape: targets up of 200', scrape_cpu_us_per_sample: 'scrape: CPU us per sample', scrape_rss_mib: 'scrape: RSS peak, MiB',
})) line(label, result => result[key]);

if (only.includes('ingest')) {
  const queries = Object.keys(results[names[0]][0].queries);
  for (const kind of ['instant', 'range_1h', 'range_6h']) {
    header(`p50 ms, ${kind}`);
    for (const query of queries) if (results[names[0]][0].queries[query][kind] !== undefined) line(query, result => result.queries?.[query]?.[kind]);
    line('**geomean**', result => result.queries && geomean(queries.map(query => result.queries[query][kind]).filter(Boolean)));
  }
  header('range 1 h / instant');
  const both = queries.filter(query => results[names[0]][0].queries[query].range_1h !== undefined);
  for (const query of both) line(query, result => result.queries && result.queries[query].range_1h / result.queries[query].instant);
  line('**geomean**', result => result.queries && geomean(both.map(query => result.queries[query].range_1h / result.queries[query].instant)));
}
if (options.out) writeFileSync(options.out, JSON.stringify(results, null, 1));
