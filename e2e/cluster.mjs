// Starts what the scenarios watch: the simulated MPC network, three real etcd
// members and a real node-exporter. All on loopback, all on free ports.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, freeRange, have, http, start, until } from './harness.mjs';

export async function startMpc({ vigil, dir, nodes = 5 }) {
  const port = await freeRange(nodes);
  const child = start('mpc', vigil, ['simulate', 'mpc', `--nodes=${nodes}`, `--web.listen-address=127.0.0.1:${port}`, '--seed=7'], { logs: dir });
  const targets = Array.from({ length: nodes }, (_, i) => `127.0.0.1:${port + i}`);
  for (const target of targets) await until(`node ${target}`, 20, async () => (await http('GET', `http://${target}/metrics`)).status === 200);
  return {
    child, targets,
    fault: (node, name) => http('POST', `http://${targets[node]}/fault/${name}`),
    // The process that serves a node, from the simulator's own output.
    pid: node => {
      const line = readFileSync(join(dir, 'mpc.log'), 'utf8').split('\n').filter(text => text.includes(targets[node])).at(-1) ?? '';
      return Number(/pid[= ](\d+)/.exec(line)?.[1]);
    },
  };
}

export async function startEtcd({ peers, dir }) {
  const binary = join(peers, 'etcd-server/usr/bin/etcd');
  if (!have(binary)) return undefined;
  const ports = await freePorts(6);
  const members = [0, 1, 2].map(i => ({ name: `m${i}`, client: ports[2 * i], peer: ports[2 * i + 1] }));
  const initial = members.map(member => `${member.name}=http://127.0.0.1:${member.peer}`).join(',');
  for (const member of members) {
    member.start = () => {
      member.child = start(`etcd-${member.name}`, binary, [
        `--name=${member.name}`, `--data-dir=${join(dir, member.name)}`,
        `--listen-client-urls=http://127.0.0.1:${member.client}`, `--advertise-client-urls=http://127.0.0.1:${member.client}`,
        `--listen-peer-urls=http://127.0.0.1:${member.peer}`, `--initial-advertise-peer-urls=http://127.0.0.1:${member.peer}`,
        `--initial-cluster=${initial}`, '--initial-cluster-token=e2e', '--log-level=error',
      ], { logs: dir });
    };
    member.start();
  }
  const targets = members.map(member => `127.0.0.1:${member.client}`);
  for (const target of targets) {
    await until(`etcd ${target}`, 30, async () => (await http('GET', `http://${target}/metrics`)).text.includes('etcd_server_has_leader 1'));
  }
  return { members, targets };
}

export async function startNodeExporter({ peers, dir }) {
  const binary = join(peers, 'prometheus-node-exporter/usr/bin/prometheus-node-exporter');
  if (!have(binary)) return undefined;
  const [port] = await freePorts(1);
  const child = start('node-exporter', binary, [`--web.listen-address=127.0.0.1:${port}`, '--log.level=error'], { logs: dir });
  const target = `127.0.0.1:${port}`;
  await until('node-exporter', 15, async () => (await http('GET', `http://${target}/metrics`)).status === 200);
  return { child, target };
}

// A vigil server on a directory of its own; restart() keeps directory and port.
export async function startVigil({ vigil, dir, config, alertmanager, flags = [], name = 'vigil' }) {
  mkdirSync(dir, { recursive: true });
  const [port] = await freePorts(1);
  const base = `http://127.0.0.1:${port}`;
  const args = ['server', `--config.file=${config}`, `--storage.tsdb.path=${join(dir, 'data')}`, `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-lifecycle', ...(alertmanager ? [`--alertmanager.config.file=${alertmanager}`] : []), ...flags];
  const server = {
    base, port,
    async start() {
      server.child = start(name, vigil, args, { logs: dir });
      await until(`${name} ready`, 20, async () => (await http('GET', `${base}/-/ready`)).status === 200);
      return server;
    },
    async kill(signal = 'SIGKILL') {
      server.child.kill(signal);
      return server.child.exited;
    },
  };
  return server.start();
}
