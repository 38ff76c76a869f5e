// The command-line tools as people run them: exit codes, messages, output.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, run, test, truthy } from './harness.mjs';

export default async function tools({ root, vigil, dir }) {
  mkdirSync(dir, { recursive: true });
  const file = (name, text) => { const path = join(dir, name); writeFileSync(path, text); return path; };
  const good = file('good.yml', 'scrape_configs: [{job_name: a, static_configs: [{targets: ["b:1"]}]}]\n');
  const rules = file('rules.yml', 'groups: [{name: g, rules: [{record: "a:b", expr: "sum(up)"}]}]\n');
  const cases = [
    ['help', ['--help'], 0, /Examples:[\s\S]*vigil server/],
    ['version', ['--version'], 0, /vigil \d+\.\d+/],
    ['no command', [], 2, /./],
    ['unknown command', ['nonsense'], 2, /./],
    ['unknown flag', ['server', '--no-such-flag'], 2, /./],
    ['check config: good', ['check', 'config', good], 0, /SUCCESS|is valid/i],
    ['check config: bad', ['check', 'config', file('bad.yml', 'scrape_configs:\n- job_nam: a\n')], 1, /bad\.yml:2:3: unknown key "job_nam"/],
    ['check config: missing file', ['check', 'config', join(dir, 'none.yml')], 1, /none\.yml/],
    ['check rules: good', ['check', 'rules', rules], 0, /1 rules found/],
    ['check rules: bad expression', ['check', 'rules', file('badrules.yml', 'groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(\n')], 1, /badrules\.yml:5/],
    ['query: no server', ['query', 'instant', '--url', 'http://127.0.0.1:1', 'up'], 1, /127\.0\.0\.1:1/],
    ['server: bad configuration', ['server', `--config.file=${file('bad2.yml', 'global: {a: 1}\n')}`, `--storage.tsdb.path=${join(dir, 'd')}`], 1, /bad2\.yml:1:10: unknown key "a"/],
    ['server: bad address', ['server', `--config.file=${good}`, `--storage.tsdb.path=${join(dir, 'd')}`, '--web.listen-address=nowhere:x'], 1, /nowhere:x/],
  ];
  for (const [name, args, code, output] of cases) {
    await test(name, async () => {
      const result = await run(vigil, args);
      equal(result.code, code, `exit code (${result.stdout}${result.stderr})`);
      truthy(output.test(result.stdout + result.stderr), `output: ${result.stdout}${result.stderr}`);
    });
  }
  await test('every command has help with examples', async () => {
    for (const command of ['server', 'query', 'check', 'test', 'tsdb', 'simulate', 'exporter', 'run']) {
      const { code, stdout } = await run(vigil, [command, '--help']);
      equal(code, 0, command);
      truthy(/Example/.test(stdout), `${command} --help has no example`);
    }
  });
  await test('check metrics', async () => {
    equal((await run(vigil, ['check', 'metrics'], { input: '# HELP a_total A.\n# TYPE a_total counter\na_total 1\n' })).code, 0, 'good page');
    equal((await run(vigil, ['check', 'metrics'], { input: '# TYPE a counter\na 1\n' })).code, 3, 'lint');
    equal((await run(vigil, ['check', 'metrics'], { input: 'a{ 1\n' })).code, 1, 'not parsable');
  });
  await test('the rules of the MPC pack pass their unit tests', async () => {
    const folder = join(root, 'packs/mpc/rules/tests');
    const files = readdirSync(folder).filter(name => name.endsWith('.yml')).map(name => join(folder, name));
    truthy(files.length > 0, 'no test files');
    const { code, stdout, stderr } = await run(vigil, ['test', 'rules', ...files], { timeout: 60000 });
    equal(code, 0, stdout.slice(-2000) + stderr.slice(-2000));
  });
}
