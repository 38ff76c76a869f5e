// Every page in a real browser against a live server with the demo network.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMpc, startVigil } from './cluster.mjs';
import { equal, have, http, query, run, skip, stop, test, truthy, until } from './harness.mjs';

export default async function pages({ root, vigil, dir }) {
  mkdirSync(dir, { recursive: true });
  const script = join(root, 'web/tests/e2e/pages.mjs');
  const modules = join(root, '.cache/web/node_modules');
  if (!have('/usr/bin/chromium')) return skip('pages in a browser', 'chromium is not installed');
  if (!have(join(modules, 'playwright-core'))) return skip('pages in a browser', 'playwright-core is not in .cache/web (./dev test installs it)');
  const mpc = await startMpc({ vigil, dir });
  const config = join(dir, 'prometheus.yml');
  writeFileSync(config, 'global: {scrape_interval: 1s, evaluation_interval: 1s}\n' +
    `scrape_configs:\n- job_name: mpc-nodes\n  static_configs:\n  - targets: [${mpc.targets.map(target => `'${target}'`).join(', ')}]\n    labels: {stack: mpc}\n`);
  const server = await startVigil({ vigil, dir, config, flags: ['--pack=mpc'] });
  await until('data', 30, async () => (await query(server.base, 'sum(up)'))[0]?.value === 5);
  await test('the runbook of every alert is there', async () => {
    const groups = (await http('GET', `${server.base}/api/v1/rules?type=alert`)).json().data.groups;
    const links = groups.flatMap(group => group.rules.map(rule => rule.annotations.runbook_url));
    truthy(links.length > 20, `${links.length} alerts`);
    for (const link of new Set(links)) {
      const path = link.replace(/^\{\{ \$externalURL \}\}/, '');
      const { status, text } = await http('GET', `${server.base}/api/v1/vigil${path}`);
      equal(status, 200, link);
      equal(JSON.parse(text).data.markdown.split('\n')[0], `# ${path.split('/').at(-1)}`, link);
      equal((await http('GET', server.base + path, { headers: { accept: 'text/html' } })).status, 200, link);
    }
    equal((await http('GET', `${server.base}/api/v1/vigil/runbooks/mpc/NoSuchAlert`)).status, 404, 'a runbook that is not there');
  });
  await test('pages show live data without an error in the console', async () => {
    // The script's own imports resolve from the folder it lies in: a copy beside node_modules.
    const { code, stdout, stderr } = await run('node', [join(root, '.cache/web/tests/e2e/pages.mjs'), server.base, '--screenshots', join(dir, 'screenshots')], { timeout: 180000 });
    truthy(code === 0, `${script}: exit ${code}\n${stdout.slice(-3000)}\n${stderr.slice(-3000)}`);
  });
  await stop(server.child);
  await stop(mpc.child);
}
