// The end-to-end suite: `node e2e/run.mjs --vigil BINARY --peers DIR [--only NAME]`.
// Everything is proved by HTTP from outside. Ends with `N passed, M failed, K skipped`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish } from './harness.mjs';

const options = {};
for (let i = 2; i < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const context = {
  root,
  vigil: resolve(options.vigil),
  peers: resolve(options.peers ?? join(root, '.cache/peers')),
  dir: mkdtempSync(join(tmpdir(), 'vigil-e2e-')),
};
console.log(`logs: ${context.dir}`);

for (const name of ['tools', 'dashboards', 'network', 'hostile', 'compatibility', 'formats', 'errors_sentry', 'real_input', 'pages']) {
  if (options.only && !options.only.split(',').includes(name)) continue;
  console.log(`--- ${name}`);
  const { default: scenario } = await import(`./${name}.mjs`);
  await scenario({ ...context, dir: join(context.dir, name) });
}
if (process.exitCode !== 1 && !options.keep) process.on('exit', code => { if (code === 0) rmSync(context.dir, { recursive: true, force: true }); });
finish();
