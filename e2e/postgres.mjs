// A PostgreSQL of its own with the exporter, from unpacked Debian packages, as a user
// that is not root (the server refuses root).
import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, have, http, run, start, stop, until } from './harness.mjs';

const NOBODY = 65534;

// {postgres} or {missing: what is not there}.
export async function startPostgres({ root, peers, dir }) {
  const bin = ['postgresql-15/usr/lib/postgresql/15/bin', '/usr/lib/postgresql/15/bin'].map(path => path.startsWith('/') ? path : join(peers, path)).find(path => have(join(path, 'initdb')));
  const psql = [join(peers, 'postgresql-client-15/usr/lib/postgresql/15/bin/psql'), '/usr/lib/postgresql/15/bin/psql'].find(have);
  const exporter = join(peers, 'prometheus-postgres-exporter/usr/bin/prometheus-postgres-exporter');
  if (!bin) return { missing: 'postgresql-15 is not in .cache/peers' };
  if (!psql) return { missing: 'postgresql-client-15 is not in .cache/peers' };
  if (!have(exporter)) return { missing: 'prometheus-postgres-exporter is not in .cache/peers' };
  const user = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const name = execFileSync('id', ['-un', String(user.uid ?? process.getuid())], { encoding: 'utf8' }).trim();
  const env = { LC_ALL: 'C.UTF-8', LD_LIBRARY_PATH: join(peers, 'libpq5/usr/lib/x86_64-linux-gnu') };
  const version = await run(join(bin, 'postgres'), ['--version'], { env, ...user });
  if (version.code !== 0) return { missing: `postgresql-15 does not run here: ${version.stderr.trim().split('\n')[0]}` };

  // Outside of the logs' folder, which only its owner may enter.
  const home = mkdtempSync(join(tmpdir(), 'vigil-e2e-pg-'));
  if (user.uid !== undefined) chownSync(home, user.uid, user.gid);
  const data = join(home, 'data');
  const init = await run(join(bin, 'initdb'), ['-D', data, '-U', name, '--auth=trust', '--no-sync'], { env, timeout: 120000, ...user });
  if (init.code !== 0) throw new Error(`initdb: ${init.stdout}${init.stderr}`);
  let child;
  const session = sql => run(psql, ['-X', '-h', home, '-U', name, '-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-c', sql], { env, timeout: 60000 });
  const postgres = {
    session,
    async start() {
      child = start('postgres', join(bin, 'postgres'), ['-D', data, '-k', home, '-c', 'listen_addresses=', '-c', 'jit=off', '-c', 'fsync=off', '-c', 'max_connections=20',
        '-c', 'shared_buffers=16MB', '-c', 'deadlock_timeout=100ms', '-c', 'shared_preload_libraries=pg_stat_statements'], { logs: dir, env, ...user });
      await until('PostgreSQL', 60, async () => (await session('select 1')).code === 0);
    },
    stop: () => stop(child, 'SIGINT'),
    async end() {
      await stop(postgres.exporterChild);
      if (child.exitCode === null) await stop(child, 'SIGQUIT');
      rmSync(home, { recursive: true, force: true });
    },
  };
  await postgres.start();
  for (const sql of ['create extension pg_stat_statements', 'create table accounts (id int primary key, balance int)', 'insert into accounts values (1, 100), (2, 100)']) {
    const { code, stderr } = await session(sql);
    if (code !== 0) throw new Error(`${sql}: ${stderr}`);
  }
  const [port] = await freePorts(1);
  postgres.exporter = `127.0.0.1:${port}`;
  postgres.exporterChild = start('postgres-exporter', exporter, [`--web.listen-address=${postgres.exporter}`, `--extend.query-path=${join(root, 'packs/mpc/pg-queries.yaml')}`],
    { logs: dir, env: { ...env, DATA_SOURCE_NAME: `user=${name} host=${home} dbname=postgres sslmode=disable` } });
  await until('postgres exporter', 20, async () => (await http('GET', `http://${postgres.exporter}/metrics`)).status === 200);
  return { postgres };
}
