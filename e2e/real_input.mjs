// Real programs drive the packs: snarkjs proves, five FROST signers sign, PostgreSQL
// deadlocks and goes down, a control group of this machine is measured.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVigil } from './cluster.mjs';
import { startPostgres } from './postgres.mjs';
import { startGroup } from './control_group.mjs';
import { equal, freePorts, have, http, query, run, skip, start, stop, test, truthy, until } from './harness.mjs';

const value = async (server, expr) => (await query(server.base, expr))[0]?.value;

// Groth16 and PLONK proofs by snarkjs' command line, each an operation of its own.
async function proofs({ root, vigil, server, dir }) {
  const modules = join(root, '.cache/real'), keys = join(root, '.cache/zk');
  if (!have(join(modules, 'node_modules/snarkjs'))) return skip('real proofs', 'snarkjs is not in .cache/real (./dev setup test installs it)');
  const made = await run('node', [join(root, 'e2e/zk_keys.mjs'), modules, keys], { timeout: 300000 });
  if (!await test('keys for Groth16 and PLONK', () => equal(made.code, 0, made.stderr.slice(-1000)))) return;
  const snarkjs = join(modules, 'node_modules/snarkjs/build/cli.cjs');
  // A run and what it exits with. Series of one prover continue from run to run, so each has its own instance.
  const wrapped = async (instance, operation, type, args, flags = []) => {
    const { code, stdout, stderr } = await run(vigil, ['run', '--system', 'zk', '--operation', operation, '--proof-type', type, '--push', `${server.base}/api/v1/write`,
      '--label', `instance=${instance}`, ...flags, '--', 'node', snarkjs, type, ...args], { timeout: 120000 });
    return { code, text: stdout + stderr };
  };
  for (const type of ['groth16', 'plonk']) {
    const proof = join(dir, `${type}.proof.json`), signals = join(dir, `${type}.public.json`), tampered = join(dir, `${type}.tampered.json`);
    await test(`a ${type} proof is made: duration, size, memory, success`, async () => {
      const { code, text } = await wrapped(`${type}-prove`, 'proof_generation', type, ['prove', join(keys, `${type}.zkey`), join(keys, 'witness.wtns'), proof, signals],
        ['--output', proof, '--constraints', '1']);
      equal(code, 0, text);
      const of = `{instance="${type}-prove",proof_type="${type}",stack="zk"`;
      equal(await value(server, `zk_proofs_generated_total${of},status="success"}`), 1, 'proofs');
      equal(await value(server, `zk_proof_size_bytes_sum${of}}`), statSync(proof).size, 'size');
      equal(await value(server, `zk_proof_constraints_sum${of}}`), 1, 'constraints');
      const seconds = await value(server, `zk_proof_generation_duration_seconds_sum${of}}`);
      truthy(seconds > 0.05 && seconds < 120, `duration of ${seconds} s`);
      const memory = await value(server, `zk_memory_usage_bytes{instance="${type}-prove",operation="proof_generation"}`);
      truthy(memory > 30e6 && memory < 8e9, `memory of ${memory} bytes`);
      truthy(await value(server, `increase(zk_proofs_generated_total${of},status="success"}[10m])`) > 0, 'increase() does not see the first proof');
    });
    await test(`the ${type} proof is verified, a tampered one is refused`, async () => {
      const good = await wrapped(`${type}-verify`, 'verification', type, ['verify', join(keys, `${type}.vk.json`), signals, proof]);
      equal(good.code, 0, good.text);
      writeFileSync(tampered, JSON.stringify(JSON.parse(readFileSync(signals, 'utf8')).map(signal => String(BigInt(signal) + 1n))));
      const bad = await wrapped(`${type}-tampered`, 'verification', type, ['verify', join(keys, `${type}.vk.json`), tampered, proof]);
      equal(bad.code, 1, bad.text);
      const count = (instance, status) => value(server, `zk_verifications_total{instance="${instance}",proof_type="${type}",status="${status}"}`);
      equal([await count(`${type}-verify`, 'success'), await count(`${type}-verify`, 'failure')], [1, 0], 'good proof');
      equal([await count(`${type}-tampered`, 'success'), await count(`${type}-tampered`, 'failure')], [0, 1], 'tampered proof');
      equal(await value(server, `zk_verification_rejections_total{instance="${type}-tampered",reason="invalid_proof"}`), 1, 'rejections');
    });
  }
}

// Five signers with a threshold of three; one of them cheats in one round.
async function signers({ root, vigil, server, shared }) {
  const script = shared && join(shared, 'domain-scripts/frost-5.mjs'), modules = join(root, '.cache/real');
  if (!script || !have(script)) return skip('real FROST signatures', 'domain-scripts/frost-5.mjs is not in $VIGIL_SHARED');
  if (!have(join(modules, 'node_modules/@noble/curves'))) return skip('real FROST signatures', '@noble/curves is not in .cache/real (./dev setup test installs it)');
  await test('FROST signatures of five parties are recorded, and who cheated', async () => {
    const { code, stdout, stderr } = await run('sh', ['-c', 'cd "$1" && shift && exec "$@"', 'sh', modules, vigil, 'run', '--system', 'mpc', '--json-lines',
      '--push', `${server.base}/api/v1/write`, '--label', 'instance=frost', '--', 'node', script, 'secp256k1', '4'], { timeout: 120000 });
    equal(code, 0, stderr);
    const lines = stdout.trim().split('\n').map(line => JSON.parse(line));
    const signatures = lines.filter(({ op }) => op === 'signature');
    equal(signatures.length, 4, 'rounds in the output');
    for (const result of ['success', 'failure']) {
      equal(await value(server, `mpc_signatures_total{protocol="frost",result="${result}",instance="frost"}`), signatures.filter(line => line.result === result).length, result);
    }
    const seconds = signatures.reduce((sum, line) => sum + line.seconds, 0);
    truthy(Math.abs(await value(server, 'mpc_signature_duration_seconds_sum{protocol="frost",instance="frost"}') - seconds) < 1e-3, 'duration');
    equal(await value(server, 'mpc_signature_duration_seconds_count{protocol="frost",instance="frost"}'), 4, 'count');
    equal(await value(server, 'mpc_dkg_duration_seconds_count{protocol="frost",instance="frost"}'), 1, 'key generations');
    const culprits = signatures.flatMap(line => line.culprits);
    truthy(culprits.length > 0, 'nobody cheated');
    for (const culprit of culprits) {
      equal(await value(server, `mpc_byzantine_violations_by_culprit_total{type="invalid_signature",culprit="${culprit}",instance="frost"}`), 1, `violations of ${culprit}`);
    }
    await until('ByzantineViolationDetected', 20, async () => await value(server, 'ALERTS{alertname="ByzantineViolationDetected",alertstate="firing",type="invalid_signature"}') === 1);
  });
}

async function postgres({ root, peers, dir, server, targets }) {
  const { postgres: database, missing } = await startPostgres({ root, peers, dir });
  if (!database) return skip('PostgreSQL with its exporter', missing);
  try {
    writeFileSync(targets.postgres, JSON.stringify([{ targets: [database.exporter], labels: { stack: 'mpc' } }]));
    await test('postgres exporter is scraped: database up, connections', async () => {
      await until('pg_up', 30, async () => await value(server, 'pg_up{stack="mpc"}') === 1);
      const before = await value(server, 'sum(pg_stat_activity_count{datname="postgres"})') ?? 0;
      const idle = database.session('select pg_sleep(8)'), other = database.session('select pg_sleep(8)');
      await until('two more connections', 20, async () => await value(server, 'sum(pg_stat_activity_count{datname="postgres"})') >= before + 2);
      truthy(await value(server, 'pg_settings_max_connections') === 20, 'max_connections');
      await Promise.all([idle, other]);
    });
    await test('rows and commits are counted, statements have a mean time', async () => {
      const before = await value(server, 'pg_stat_database_tup_inserted{datname="postgres"}');
      equal((await database.session('insert into accounts select i, 0 from generate_series(10, 59) i')).code, 0, 'insert');
      await until('50 rows', 30, async () => await value(server, 'pg_stat_database_tup_inserted{datname="postgres"}') >= before + 50);
      await until('mean time', 30, async () => await value(server, 'max(pg_stat_statements_mean_time_seconds{datname="postgres"})') > 0);
    });
    await test('a deadlock of two transactions is counted', async () => {
      equal(await value(server, 'pg_stat_database_deadlocks{datname="postgres"}'), 0, 'before');
      const transfer = (from, to) => database.session(`begin; update accounts set balance = balance - 1 where id = ${from}; select pg_sleep(1); update accounts set balance = balance + 1 where id = ${to}; commit`);
      const ends = await Promise.all([transfer(1, 2), transfer(2, 1)]);
      equal(ends.filter(({ stderr }) => stderr.includes('deadlock detected')).length, 1, JSON.stringify(ends));
      await until('deadlocks', 30, async () => await value(server, 'pg_stat_database_deadlocks{datname="postgres"}') === 1);
    });
    await test('a database that is down fires PostgresDown, and its return resolves it', async () => {
      await database.stop();
      await until('firing', 60, async () => await value(server, 'ALERTS{alertname="PostgresDown",alertstate="firing"}') === 1);
      await database.start();
      await until('resolved', 60, async () => (await query(server.base, 'ALERTS{alertname="PostgresDown"}')).length === 0);
    });
  } finally {
    await database.end();
  }
}

async function containers({ vigil, dir, server, targets }) {
  const { group, missing } = await startGroup({ dir });
  if (!group) return skip('containers of this machine', missing);
  try {
    const [port] = await freePorts(1);
    const exporter = start('cgroup', vigil, ['exporter', 'cgroup', `--web.listen-address=127.0.0.1:${port}`, '--container', `${group.id}=mpc-node-1`], { logs: dir });
    await until('exporter', 15, async () => (await http('GET', `http://127.0.0.1:${port}/metrics`)).status === 200);
    writeFileSync(targets.cadvisor, JSON.stringify([{ targets: [`127.0.0.1:${port}`], labels: { stack: 'mpc' } }]));
    await test('container_* of a control group are those of the kernel', async () => {
      const of = '{name="mpc-node-1",stack="mpc"}';
      await until('CPU time', 20, async () => await value(server, `container_cpu_usage_seconds_total{cpu="total",name="mpc-node-1",id="${group.id}"}`) > 0.2);
      await group.finish();
      const truth = group.read();
      await until('CPU time at its end', 10, async () => Math.abs(await value(server, `container_cpu_usage_seconds_total${of}`) - truth.cpuSeconds) < 0.02);
      const memory = await value(server, `container_memory_usage_bytes${of}`);
      truthy(memory === undefined ? truth.memoryBytes === undefined : Math.abs(memory - truth.memoryBytes) < 4e6, `memory ${memory}, kernel ${truth.memoryBytes}`);
      if (truth.memoryBytes !== undefined) {
        equal(await value(server, `container_spec_memory_limit_bytes${of}`), truth.memoryLimit, 'limit');
        truthy(await value(server, `container_memory_working_set_bytes${of}`) <= memory, 'working set');
      }
      const started = await value(server, `container_start_time_seconds${of}`);
      truthy(Math.abs(started - group.madeAt) < 5, `start time ${started}, made at ${group.madeAt}`);
      truthy(await value(server, `time() - container_last_seen${of}`) < 5, 'last seen');
    });
    if (group.network) {
      await test('a network namespace of its own has its own counters', async () => {
        const of = '{name="mpc-node-1",interface="eth0"}';
        await until('sent', 10, async () => await value(server, `container_network_transmit_bytes_total${of}`) > 0);
      });
    } else {
      skip('network of a container', 'no virtual network device can be made here');
    }
    await stop(exporter);
  } finally {
    await group.end();
  }
}

export default async function realInput({ root, vigil, peers, dir }) {
  mkdirSync(dir, { recursive: true });
  const shared = process.env.VIGIL_SHARED;
  const config = join(dir, 'prometheus.yml'), rules = join(dir, 'rules.yml');
  // As in the pack, with `for`s of seconds.
  writeFileSync(rules, readFileSync(join(root, 'packs/mpc/rules/mpc-rules.yml'), 'utf8').replace(/^(\s*for: )\d+m\s*$/gm, (_, key) => `${key}2s`));
  const targets = { postgres: join(dir, 'postgres.json'), cadvisor: join(dir, 'cadvisor.json') };
  for (const file of Object.values(targets)) writeFileSync(file, '[]');
  writeFileSync(config, `global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: ['${rules}']\nscrape_configs:\n` +
    Object.entries(targets).map(([job, file]) => `- job_name: ${job}\n  file_sd_configs: [{files: ['${file}'], refresh_interval: 1s}]\n`).join(''));
  const server = await startVigil({ vigil, dir, config, flags: ['--web.enable-remote-write-receiver'] });
  const context = { root, vigil, peers, dir, server, shared, targets };
  await proofs(context);
  await signers(context);
  await test('a push to a server that is down keeps the exit code and says so', async () => {
    const { code, stderr } = await run(vigil, ['run', '--push', 'http://127.0.0.1:1/api/v1/write', '--push.timeout', '1s', '--', 'sh', '-c', 'exit 9']);
    equal(code, 9, 'exit code');
    truthy(/metrics not pushed.*127\.0\.0\.1/.test(stderr), stderr);
  });
  await test('a run is exposed while it lasts, gets signals, and its page lingers', async () => {
    const [port] = await freePorts(1);
    const child = start('run', vigil, ['run', `--web.listen-address=127.0.0.1:${port}`, '--linger=30s', '--', 'sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done'], { logs: dir });
    const page = async () => (await http('GET', `http://127.0.0.1:${port}/metrics`)).text;
    await until('running', 10, async () => (await page()).includes('vigil_run_running{operation="sh"} 1'));
    child.kill('SIGTERM');
    await until('ended', 10, async () => (await page()).includes('vigil_run_exit_code{operation="sh"} 3'));
    child.kill('SIGTERM');
    equal((await child.exited).code, 3, 'exit code');
  });
  await postgres(context);
  await containers(context);
  await stop(server.child);
}
