// A container without a runtime: a control group of its own, with a process in a network
// namespace of its own. Needs root; works on control groups of both versions.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { have, run, start, until } from './harness.mjs';

const ROOT = '/sys/fs/cgroup';

// {group} or {missing: why there is none}.
export async function startGroup({ dir }) {
  if (process.getuid() !== 0) return { missing: 'only root may make a control group' };
  const unified = have(join(ROOT, 'cgroup.controllers'));
  const id = `/vigil-e2e-${process.pid}`;
  const folders = (unified ? [ROOT] : ['memory', 'cpuacct', 'cpu', 'blkio'].map(name => join(ROOT, name)).filter(have)).map(path => join(path, id));
  const madeAt = Date.now() / 1000;
  const made = [];
  const remove = () => made.forEach(path => { try { rmdirSync(path); } catch { /* a process still leaves it */ } });
  try {
    for (const path of folders) { mkdirSync(path); made.push(path); }
  } catch (error) {
    remove();
    return { missing: `no control group can be made here: ${error.message}` };
  }
  if (made.length === 0) return { missing: `no control groups in ${ROOT}` };
  const file = (...names) => { for (const path of made) for (const name of names) if (have(join(path, name))) return readFileSync(join(path, name), 'utf8'); return undefined; };
  // Waits until it is in the group, works, then sleeps. Its network is a pair of devices and one packet.
  const network = (await run('unshare', ['-n', 'sh', '-c', 'ip link add eth0 type veth peer name eth1'])).code === 0;
  const prepare = network ? 'ip link add eth0 type veth peer name eth1; ip link set eth1 up; ip link set eth0 up; ip addr add 10.99.0.1/24 dev eth0; ' +
    'ip neigh add 10.99.0.2 lladdr 02:00:00:00:00:02 dev eth0; echo hello >/dev/udp/10.99.0.2/9; ' : '';
  const child = start('group', 'unshare', ['-n', 'bash', '-c',
    `${prepare}while [ ! -e ${join(dir, 'go')} ]; do sleep 0.05; done; i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; touch ${join(dir, 'done')}; exec sleep 600`], { logs: dir });
  for (const path of made) writeFileSync(join(path, 'cgroup.procs'), String(child.pid));
  writeFileSync(join(dir, 'go'), '');
  const group = {
    id, madeAt, network,
    finish: () => until('work done', 60, () => have(join(dir, 'done'))),
    read: () => {
      const memory = file('memory.current', 'memory.usage_in_bytes'), limit = file('memory.max', 'memory.limit_in_bytes');
      return {
        cpuSeconds: unified ? Number(/usage_usec (\d+)/.exec(file('cpu.stat'))[1]) / 1e6 : Number(file('cpuacct.usage')) / 1e9,
        memoryBytes: memory === undefined ? undefined : Number(memory),
        memoryLimit: /^\d+$/.test(limit?.trim()) && Number(limit) < 2 ** 62 ? Number(limit) : 0,
      };
    },
    async end() {
      child.kill('SIGKILL');
      await child.exited;
      await until('control group left', 10, () => made.every(path => readFileSync(join(path, 'cgroup.procs'), 'utf8') === '')).catch(() => undefined);
      remove();
    },
  };
  return { group };
}
