import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBundle } from '../adapters/bundle/bundle-folder.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createConnector } from '../adapters/postgres/connector.ts';
import { processPace } from '../adapters/process-pace.ts';
import { runnerClock } from '../adapters/runner-clock.ts';
import { readDatabaseUrl } from '../adapters/url/database-url.ts';
import type { Finding } from '../kit/finding.ts';
import { exitCodeOf } from '../kit/fault.ts';
import { createRedactor } from '../kit/redact.ts';
import { createLineEncoder, type LineEncoder } from '../migrate/event-lines.ts';
import type { RunEvent } from '../migrate/event.ts';
import { perform } from '../migrate/perform/perform.ts';
import type { Task } from '../migrate/task.ts';

/**
 * The runner: `node runner.js FOLDER`. The folder holds task.json and the bundle; the database URL comes in the
 * environment. Events go to standard output as lines; the exit code is the verdict.
 */
async function main(): Promise<void> {
  const folder = process.argv[2];
  if (folder === undefined) {
    process.stderr.write('usage: DATABASE_URL=… node runner.js FOLDER\n');
    process.exitCode = 2;
    return;
  }
  const task = JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')) as Task;
  const encoder = createLineEncoder(task.run, nodeHashing);
  const redactor = createRedactor();
  const emit = (event: RunEvent): void => {
    // Masked before it is numbered and hashed: a mask behind the digest would break it.
    const masked = JSON.parse(redactor.redact(JSON.stringify(event))) as RunEvent;
    process.stdout.write(
      encoder
        .encode(masked)
        .map((line) => `${line}\n`)
        .join(''),
    );
  };
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => controller.abort());
  // A closed terminal does not stop a detached run.
  process.on('SIGHUP', () => {});
  // Nor does one that reads its lines no more, or a disk that is full: the verdict comes from the history.
  process.stdout.on('error', () => {});
  const pace = processPace({ holds: true });

  const url = process.env['DATABASE_URL'] ?? '';
  const address = readDatabaseUrl(url, 'DATABASE_URL', { user: process.env['PGUSER'] ?? 'postgres' });
  if (!address.ok) return refuse(task, encoder, address.findings);
  redactor.register(address.value.address.password ?? '');
  const bundle = await readBundle(join(folder, 'bundle'), nodeHashing);
  if (!bundle.ok) return refuse(task, encoder, bundle.findings);
  process.exitCode = await perform(task, {
    connector: createConnector(address.value.address),
    bundle: bundle.value,
    hashing: nodeHashing,
    emit,
    ...runnerClock(controller.signal),
    pace,
    signal: controller.signal,
  });
}

/** What is wrong before the database is reached is told on the same channel. */
function refuse(task: Task, encoder: LineEncoder, findings: readonly Finding[]): void {
  const exitCode = exitCodeOf(findings);
  const events: readonly RunEvent[] = [
    ...findings.map((finding): RunEvent => ({ kind: 'finding', finding })),
    { kind: 'run.finished', run: task.run, outcome: 'refused', exitCode, events: findings.length + 1, ms: 0 },
  ];
  process.stdout.write(
    events
      .flatMap((event) => encoder.encode(event))
      .map((line) => `${line}\n`)
      .join(''),
  );
  process.exitCode = exitCode;
}

await main();
