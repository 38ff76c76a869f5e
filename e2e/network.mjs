// The MPC network under watch: targets, documented metrics, and the way of an alert
// from a fault to a webhook and back, across a kill of the server.
//
// Times are scaled so that the suite takes minutes: scrapes and evaluations every
// second, and every `for` of the pack's rules divided by 20.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEtcd, startMpc, startNodeExporter, startVigil } from './cluster.mjs';
import { equal, query, sink, skip, sleep, stop, test, truthy, until } from './harness.mjs';

const SCALE = 20;

// The rules of the pack with shorter `for`s; nothing else is changed.
function scaledRules(root) {
  const text = readFileSync(join(root, 'packs/mpc/rules/mpc-rules.yml'), 'utf8');
  return text.replace(/^(\s*for: )(\d+)(m|s)\s*$/gm, (_, key, number, unit) => `${key}${Math.round(Number(number) * (unit === 'm' ? 60 : 1) * 1000 / SCALE)}ms`);
}

export default async function network({ root, vigil, peers, dir }) {
  mkdirSync(dir, { recursive: true });
  const mpc = await startMpc({ vigil, dir });
  const etcd = await startEtcd({ peers, dir });
  const exporter = await startNodeExporter({ peers, dir });
  const hook = await sink();

  const rules = join(dir, 'rules.yml'), config = join(dir, 'prometheus.yml'), alertmanager = join(dir, 'alertmanager.yml');
  writeFileSync(rules, scaledRules(root));
  const job = (name, targets) => `- job_name: ${name}\n  static_configs:\n  - targets: [${targets.map(target => `'${target}'`).join(', ')}]\n    labels: {stack: mpc}\n`;
  writeFileSync(config, 'global: {scrape_interval: 1s, evaluation_interval: 1s}\n' +
    `rule_files: ['${rules}']\nscrape_configs:\n${job('mpc-nodes', mpc.targets)}` +
    (etcd ? job('etcd', etcd.targets) : '') + (exporter ? job('node', [exporter.target]) : ''));
  writeFileSync(alertmanager, 'route: {receiver: hook, group_by: [alertname, instance, node_id, type], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}\n' +
    `receivers:\n- name: hook\n  webhook_configs: [{url: '${hook.url}/hook', send_resolved: true}]\n`);
  const server = await startVigil({ vigil, dir, config, alertmanager });
  const notices = (alertname, status, wanted = {}) => hook.requests.filter(({ json }) => json?.status === status &&
    json.alerts.some(({ labels }) => labels.alertname === alertname && Object.entries(wanted).every(([name, value]) => labels[name] === value)));

  await test('all targets are up', async () => {
    const wanted = 5 + (etcd ? 3 : 0) + (exporter ? 1 : 0);
    await until('sum(up)', 20, async () => (await query(server.base, 'sum(up)'))[0]?.value === wanted);
  });
  await test('the documented metrics of the nodes are there', async () => {
    const names = ['mpc_transactions_total', 'mpc_votes_total', 'mpc_byzantine_violations_total', 'mpc_signatures_total', 'mpc_network_errors_total',
      'mpc_tls_handshake_failures_total', 'mpc_active_nodes', 'mpc_consensus_threshold', 'mpc_presignature_pool_size', 'mpc_connected_peers',
      'mpc_transaction_queue_size', 'mpc_signature_duration_seconds_bucket', 'mpc_dkg_duration_seconds_count', 'mpc_vote_processing_duration_seconds_sum',
      'mpc_consensus_round_duration_seconds_count'];
    for (const name of names) await until(name, 20, async () => (await query(server.base, `count(${name})`))[0]?.value > 0);
  });
  await test('signatures are made, and connections are counted by who is connected', async () => {
    await until('signatures', 30, async () => (await query(server.base, 'sum(mpc_signatures_total{result="success"})'))[0]?.value > 0);
    await until('peers', 20, async () => (await query(server.base, 'min(mpc_connected_peers)'))[0]?.value === 4);
  });
  if (etcd) {
    await test('the documented metrics of etcd are there', async () => {
      for (const name of ['etcd_server_has_leader', 'etcd_server_proposals_committed_total', 'etcd_server_proposals_failed_total',
        'etcd_disk_wal_fsync_duration_seconds_bucket']) await until(name, 10, async () => (await query(server.base, `count(${name})`))[0]?.value > 0);
    });
  } else {
    skip('etcd metrics and EtcdNoLeader', 'etcd-server is not in .cache/peers');
  }
  if (exporter) {
    await test('node-exporter is read', async () => truthy((await query(server.base, 'node_load1'))[0], 'no node_load1'));
  } else {
    skip('node-exporter', 'prometheus-node-exporter is not in .cache/peers');
  }

  await test('a stopped node shows in the others: peers go down', async () => {
    process.kill(mpc.pid(2), 'SIGSTOP');
    try {
      await until('peers of the others', 30, async () => (await query(server.base, 'min(mpc_connected_peers{instance!="' + mpc.targets[2] + '"})'))[0]?.value === 3);
    } finally {
      process.kill(mpc.pid(2), 'SIGCONT');
    }
    await until('peers again', 30, async () => (await query(server.base, 'min(mpc_connected_peers)'))[0]?.value === 4);
  });

  await test('a node that is down fires MPCNodeDown, and its return resolves it', async () => {
    const dead = { instance: mpc.targets[4] };
    await mpc.fault(4, 'node_down');
    await until('webhook firing', 30, () => notices('MPCNodeDown', 'firing', dead).length > 0);
    equal(notices('MPCNodeDown', 'firing', dead)[0].json.alerts[0].annotations.runbook_url, `${server.base}/runbooks/mpc/MPCNodeDown`, 'link of the notification');
    equal(notices('MPCNodeDown', 'firing', dead)[0].json.version, '4', 'payload version');
    await mpc.fault(0, 'clear');
    await until('webhook resolved', 40, () => notices('MPCNodeDown', 'resolved', dead).length > 0);
    await until('peers again', 30, async () => (await query(server.base, 'min(mpc_connected_peers)'))[0]?.value === 4);
  });

  await test('a double vote fires its critical alert', async () => {
    await mpc.fault(1, 'double_vote');
    await until('webhook firing', 30, () => notices('ByzantineDoubleVoteDetected', 'firing').length > 0);
    const { json } = notices('ByzantineDoubleVoteDetected', 'firing')[0];
    equal(json.alerts[0].labels.severity, 'critical', 'severity');
    await mpc.fault(1, 'clear');
  });

  if (etcd) {
    await test('two stopped etcd members fire EtcdNoLeader', async () => {
      for (const member of etcd.members.slice(1)) await stop(member.child, 'SIGKILL');
      await until('webhook firing', 40, () => notices('EtcdNoLeader', 'firing').length > 0);
    });
  }

  await test('kill -9 of the server loses no sample and does not notify again', async () => {
    // EtcdNoLeader (or the double vote of a moment ago) is firing and was notified.
    await sleep(4000);
    const before = await query(server.base, 'mpc_votes_total[60s]');
    const killedAt = Date.now() / 1000;
    await server.kill();
    const sent = hook.requests.length;
    await server.start();
    const startedAt = Date.now() / 1000;
    const after = await query(server.base, 'mpc_votes_total[90s]');
    const key = ({ metric }) => JSON.stringify(Object.entries(metric).sort());
    const found = new Map(after.map(series => [key(series), new Set(series.values.map(([time, value]) => `${time}=${value}`))]));
    let samples = 0;
    for (const series of before) {
      for (const [time, value] of series.values) {
        truthy(found.get(key(series))?.has(`${time}=${value}`), `sample lost: ${key(series)} at ${time}`);
        samples += 1;
      }
    }
    truthy(samples > 100, `only ${samples} samples compared`);
    // The gap in the data is the restart plus one interval at most.
    await sleep(4000);
    const [up] = await query(server.base, `up{instance="${mpc.targets[0]}"}[60s]`);
    const times = up.values.map(([time]) => time);
    const gap = Math.max(...times.slice(1).map((time, i) => time - times[i]));
    truthy(gap <= startedAt - killedAt + 2.1, `gap of ${gap} s for a restart of ${startedAt - killedAt} s`);
    await sleep(6000);
    const again = hook.requests.slice(sent).filter(({ json }) => json?.status === 'firing');
    equal(again.map(({ json }) => json.groupKey), [], 'notifications after the restart');
  });

  await stop(server.child);
  await stop(mpc.child);
  for (const member of etcd?.members ?? []) await stop(member.child, 'SIGKILL');
  if (exporter) await stop(exporter.child);
  hook.close();
}
