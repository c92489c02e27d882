import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Attempt, StartAttempt } from './attempt.ts';
import type { Records } from './database-state.ts';
import type { Tool } from './tool.ts';
import { must, type CaseDatabase, type Workbench } from './workbench.ts';

const folder = resolve('bench/peers');
const limitMs = 60_000;

/**
 * node-pg-migrate with the same statements in its own form: a file that runs in one transaction is one text; one with
 * statements that cannot says `noTransaction` and gives them one by one. COPY, which it cannot run, is an INSERT.
 */
export async function nodePgMigrate(bench: Workbench): Promise<Tool> {
  const migrations = mkdtempSync(join(bench.project, 'peer-'));
  for (const migration of bench.bundle.migrations) {
    const analysis = must(await bench.bundle.analysis(migration, 'up'));
    const body = await bench.bundle.body(migration, 'up');
    const text = async (start: number, end: number): Promise<string> =>
      new TextDecoder().decode(await body.read(start, end));
    const plain = analysis.segments.length === 1 && analysis.segments[0]?.kind === 'transaction';
    const statements = await Promise.all(
      analysis.statements.map(async ({ kind, start, end }) => (kind === 'copy-in' ? instead : await text(start, end))),
    );
    const texts = plain ? [statements.join(';\n')] : statements;
    const steps = texts.map((sql) => `  pgm.sql(${JSON.stringify(sql)});`);
    const lines = ['export const up = (pgm) => {', ...(plain ? [] : ['  pgm.noTransaction();']), ...steps, '};'];
    const name = `${migration.id.padStart(3, '0')}_${migration.name}.mjs`;
    writeFileSync(join(migrations, name), `${lines.join('\n')}\nexport const down = false;\n`);
  }
  const start: StartAttempt = (_, url) => startPeer(migrations, url);
  return {
    name: 'node-pg-migrate',
    start,
    startProcess: start,
    recoveries: 3,
    records: readPeerRecords,
    judge: (attempt, after, wanted) =>
      attempt.exitCode === 'hung'
        ? [{ flaw: 'human', why: 'it did not end' }]
        : attempt.exitCode === 0 && after.applied.length < wanted.applied.length
          ? [{ flaw: 'untruthful', why: `exit 0, but only ${after.applied.length} migrations are applied` }]
          : [],
    audit: () => Promise.resolve([]),
  };
}

const instead = "insert into ledger (what) values ('07 copied'), ('07 copied too')";

function startPeer(migrations: string, url: string): ReturnType<StartAttempt> {
  const child = spawn(process.execPath, [join(folder, 'node-pg-migrate.mjs'), 'up', migrations], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: url },
  });
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, limitMs);
  const ended = new Promise<Attempt>((done) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      done({ run: '', exitCode: hung ? 'hung' : (code ?? 'killed'), events: [], coherent: true });
    });
  });
  return { ended, signal: (name) => void child.kill(name) };
}

async function readPeerRecords(database: CaseDatabase): Promise<Records> {
  const [there] = await database.columns("select to_regclass('pgmigrations')");
  const [applied = []] =
    there?.[0] === 'pgmigrations' ? await database.columns('select name from pgmigrations order by id') : [];
  return { applied, statements: [], partial: [], runs: [], recordedBy: {} };
}
