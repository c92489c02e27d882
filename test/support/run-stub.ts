import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { emulatorTimeouts, type CloudRunContext } from '../../src/adapters/engines/cloud-run/context.ts';
import { createCloudRunEngine } from '../../src/adapters/engines/cloud-run/engine.ts';
import type { JobInput } from '../../src/adapters/engines/cloud-run/job-spec.ts';
import { jobNames } from '../../src/adapters/engines/cloud-run/names.ts';
import type { CloudRunOptions } from '../../src/adapters/engines/cloud-run/options.ts';
import { createReadPace } from '../../src/adapters/engines/cloud-run/read-pace.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createGoogle } from '../../src/adapters/google/google.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import type { Engine } from '../../src/migrate/contract/engine.ts';
import type { Bundle } from '../../src/migrate/contract/ports.ts';
import { applyTask } from './apply-task.ts';

/** One request to the stub. */
export interface StubCall {
  /** `GET`, or the custom method in place of the verb: `:run`, `:cancel`. */
  readonly verb: string;
  /** What it is about: `job`, `execution`, `executions`, `tasks`, `operation`, `log`. */
  readonly about: string;
  /** How often this verb was asked about this before. */
  readonly before: number;
}

/** What the stub answers: a body, or a status of 400 and more with Google's reason and words. */
export type StubAnswer = object | readonly [status: number, reason: string, message?: string];

/** Cloud Run's answers in an order and in shapes that an emulator does not produce. */
export interface RunStub extends AsyncDisposable {
  readonly context: CloudRunContext;
  readonly engine: Engine;
  readonly input: JobInput;
  /** The full name of the job of `input`. */
  readonly job: string;
  /** The full name of its execution. */
  readonly execution: string;
  /** How often something was asked: `GET job`, `:run job`. */
  asked(what: string): number;
}

/** Serves answers for one job and its execution. */
export async function runStub(
  answer: (call: StubCall) => StubAnswer,
  timeouts: Partial<CloudRunContext['timeouts']> = {},
): Promise<RunStub> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    const verb = /(:[a-z]+)$/.exec(path)?.[1] ?? request.method ?? '';
    const about = subjectOf(path);
    const before = counts.get(`${verb} ${about}`) ?? 0;
    counts.set(`${verb} ${about}`, before + 1);
    const answered = answer({ verb, about, before });
    request.resume().on('end', () => {
      if (!Array.isArray(answered)) return void response.end(JSON.stringify(answered));
      const [code, status, message = status] = answered as [number, string, string?];
      response.writeHead(code).end(JSON.stringify({ error: { code, status, message } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = {
    kind: 'cloud-run',
    project: 'acme-dev',
    region: 'us-central1',
    secret: 'database-url-dev',
    serviceAccount: 'dev-cloud-run-sa@acme-dev.iam.gserviceaccount.com',
    network: { kind: 'connector', connector: 'c' },
    job: 'ephemeral',
    labels: {},
    logs: ['projects/acme-dev'],
    endpoints: { run: url, logging: url },
  } as unknown as CloudRunOptions;
  const redactor = createRedactor();
  const env = { GOOGLE_OAUTH_ACCESS_TOKEN: 'test' };
  const google = createGoogle({ endpoints: options.endpoints, env, redactor, budgetMs: 200 });
  const quick = {
    firstPauseMs: 5,
    longestPauseMs: 20,
    pollMs: 5,
    linesMs: 100,
    tokenMs: 40,
    goneMs: 60,
    endMs: 60,
    startMs: 600,
  };
  const common = { options, environment: 'dev', google, hashing: nodeHashing, redactor };
  const all = { ...emulatorTimeouts, ...quick, ...timeouts };
  const task = applyTask();
  const names = jobNames(options, 'dev', { run: task.run, attempt: 1 }, nodeHashing);
  const job = `projects/acme-dev/locations/us-central1/jobs/${names.job}`;
  const unused = { prepare: () => Promise.reject(new Error('no image is needed here')) };
  return {
    context: {
      ...common,
      image: unused as unknown as CloudRunContext['image'],
      timeouts: all,
      readPace: createReadPace(all.reads),
      onProgress: () => {},
    },
    engine: createCloudRunEngine({ ...common, runner: '', timeouts: all }),
    input: { ...common, task, names, bundle: { hash: '0' } as Bundle, image: '', command: [], secretVersion: '1' },
    job,
    execution: `${job}/executions/${names.job}-${names.token}`,
    asked: (what) => counts.get(what) ?? 0,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function subjectOf(path: string): string {
  if (path.includes('entries:list')) return 'log';
  if (path.includes('/operations/')) return 'operation';
  if (path.includes('/tasks')) return 'tasks';
  if (/\/executions(:|$)/.test(path)) return 'executions';
  return path.includes('/executions/') ? 'execution' : 'job';
}
