// Bad input from every side: the process stays alive, says what is wrong, counts
// it, and loses nothing that it had stored.
import { createServer } from 'node:http';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVigil } from './cluster.mjs';
import { equal, http, query, sleep, start, stop, test, truthy, until } from './harness.mjs';

// What the error of each target must say.
const REASONS = {
  malformed: /line 2/, huge_label: /label.*(length|long|limit)/i, silent: /within 4s/, dripping: /within 4s/, ten_million: /limit|within/i,
  endless_line: /limit|within/i, binary: /line 1/, wrong_type: /content.type/i, error_status: /500/,
};

export default async function hostile({ vigil, dir }) {
  mkdirSync(dir, { recursive: true });
  const good = createServer((_, response) => response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' }).end('good_metric 1\n'));
  await new Promise(resolve => good.listen(0, '127.0.0.1', resolve));
  const others = start('targets', process.execPath, [join(dirname(fileURLToPath(import.meta.url)), 'hostile_targets.mjs')], { logs: dir });
  const bad = await until('targets', 10, () => JSON.parse(readFileSync(join(dir, 'targets.log'), 'utf8')));
  const targets = { good: `127.0.0.1:${good.address().port}`, ...bad };
  const config = join(dir, 'prometheus.yml');
  const text = 'global: {scrape_interval: 5s, scrape_timeout: 4s}\nscrape_configs:\n' +
    Object.entries(targets).map(([name, target]) => `- job_name: ${name}\n  ${name === 'good' ? 'scrape_interval: 1s\n  scrape_timeout: 1s\n  ' : ''}static_configs: [{targets: ['${target}']}]\n`).join('');
  writeFileSync(config, text);
  const server = await startVigil({ vigil, dir, config, flags: ['--web.enable-remote-write-receiver'] });

  for (const [name, message] of Object.entries(REASONS)) {
    await test(`target ${name}: down, with a reason`, async () => {
      const target = await until(`lastError of ${name}`, 30, async () => {
        const { json } = await http('GET', `${server.base}/api/v1/targets`);
        return json().data.activeTargets.find(({ scrapePool, lastError }) => scrapePool === name && lastError !== '');
      });
      truthy(message.test(target.lastError), `unhelpful error: ${target.lastError.slice(0, 300)}`);
      truthy(target.lastError.length < 2000, `an error of ${target.lastError.length} characters`);
      await until('up == 0', 10, async () => (await query(server.base, `up{job="${name}"}`))[0]?.value === 0);
    });
  }
  await test('meanwhile the good target is up without a gap', async () => {
    const [series] = await query(server.base, 'up{job="good"}[30s]');
    truthy(series.values.every(([, value]) => value === '1'), 'the good target was down');
  });
  await test('memory stays small', async () => {
    const rss = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) / 1024;
    truthy(rss < 1500, `peak of ${rss} MiB`);
  });

  await test('nonsense queries are bad_data with a place', async () => {
    for (const expr of ['sum(', 'rate(up)', '1 +', 'up{', '"', '{__name__=~".*"}', 'foo(1)', `${'('.repeat(5000)}1`]) {
      const { status, json } = await http('POST', `${server.base}/api/v1/query`, { body: new URLSearchParams({ query: expr }) });
      equal(status, 400, expr.slice(0, 40));
      equal(json().errorType, 'bad_data', expr.slice(0, 40));
    }
  });
  await test('a query over everything is answered or refused, never fatal', async () => {
    const { status } = await http('GET', `${server.base}/api/v1/query_range?query=${encodeURIComponent('{__name__=~".+"}')}&start=0&end=${Date.now() / 1000}&step=1`, { timeout: 60000 });
    equal(status, 400, 'more than 11,000 points');
    const all = await http('GET', `${server.base}/api/v1/query?query=${encodeURIComponent('count({__name__=~".+"})')}`);
    equal(all.status, 200, 'count of everything');
  });
  await test('bad remote writes are refused', async () => {
    for (const body of ['', 'x', Buffer.alloc(1 << 16, 0xff)]) {
      const { status } = await http('POST', `${server.base}/api/v1/write`, { body, headers: { 'Content-Encoding': 'snappy', 'Content-Type': 'application/x-protobuf' } });
      truthy(status === 400 || (body === '' && status < 500), `status ${status}`);
    }
  });

  await test('a broken configuration leaves the old one running and says why', async () => {
    writeFileSync(config, text.replace('scrape_configs:', 'scrape_konfigs:'));
    const { status, text: answer } = await http('POST', `${server.base}/-/reload`);
    equal(status, 500, 'status');
    truthy(/prometheus\.yml:2:1: unknown key "scrape_konfigs"/.test(answer), answer);
    const before = (await query(server.base, 'timestamp(good_metric)'))[0].value;
    await until('still scraping', 10, async () => (await query(server.base, 'timestamp(good_metric)'))[0].value > before);
    writeFileSync(config, text);
    equal((await http('POST', `${server.base}/-/reload`)).status, 200, 'good again');
  });

  await test('a damaged log segment: the rest is served, and it says so', async () => {
    await sleep(1500);
    await server.kill();
    const wal = join(dir, 'data', 'wal');
    const segment = readdirSync(wal).map(name => join(wal, name)).filter(name => statSync(name).isFile()).sort((a, b) => statSync(b).size - statSync(a).size)[0];
    const bytes = readFileSync(segment);
    for (let i = 0; i < 16; ++i) bytes[Math.floor(bytes.length / 2) + i] ^= 0x5a;
    writeFileSync(segment, bytes);
    await server.start();
    equal((await query(server.base, '1'))[0].value, 1, 'answers');
    await until('scrapes again', 10, async () => (await query(server.base, 'up{job="good"}'))[0]?.value === 1);
    truthy(/corrupt|damage|quarantin/i.test(readFileSync(join(dir, 'vigil.log'), 'utf8')), 'nothing in the log about the damage');
  });

  await stop(server.child);
  await stop(others);
  good.close();
}
