import { once } from 'node:events';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startEmbedded } from '../../adapters/embedded/server.ts';
import type { Context, Result } from '../command.ts';
import { progressOn } from '../progress.ts';
import { failed } from '../result.ts';
import { cloudTour } from './cloud-tour.ts';
import type { DemoSite } from './laptop.ts';

const emulated =
  'Emulated: Google Cloud. A program of this demo answers its APIs (Cloud Run, Secret Manager, Logging) and stores images.';

/**
 * The part of `demo --private-network` that runs in the namespace of the laptop. It reads the site from this
 * descriptor, and it ends when the descriptor closes.
 */
export async function demoOnLaptop(outer: Context, folder: string, descriptor: number): Promise<Result> {
  const outside = new Socket({ fd: descriptor, readable: true, writable: false });
  outside.on('error', () => undefined);
  const [said] = (await once(createInterface({ input: outside }), 'line')) as [string];
  const site = JSON.parse(said) as DemoSite;
  const gone = new AbortController();
  outside.once('close', () => gone.abort()).unref();
  const context = { ...outer, signal: AbortSignal.any([outer.signal, gone.signal]) };
  context.redactor.register(decodeURIComponent(new URL(site.url).password));
  return await cloudTour(context, {
    folder,
    url: site.url,
    execution: { kind: 'namespace', path: site.vpc },
    apart: true,
    before: [
      'Real: PostgreSQL; the networks of the laptop, the jobs and the database (kernel namespaces, without a route from the laptop to the other two); godwit with its Cloud Run engine; the image that it builds; the runner.',
      `${emulated} A job is a process in the private network, where Google would start a container.`,
      ...(site.rootless ? ['All of it without root: the namespaces belong to this account.'] : []),
    ],
  });
}

/** `demo --cloud-run`: the same demo without networks, for machines that cannot create one. */
export async function demoHere(context: Context, folder: string): Promise<Result> {
  const onProgress = progressOn(context);
  const started = await startEmbedded({
    dataDir: join(folder, '.godwit', 'postgres'),
    env: { ...context.io.env },
    onProgress: ({ step, message }) => onProgress(`embedded PostgreSQL: ${step} ${message}`, step),
  });
  if (!started.ok) return failed(started.findings);
  context.screen.settle();
  context.redactor.register(started.value.password);
  try {
    return await cloudTour(context, {
      folder,
      url: started.value.url,
      execution: { kind: 'process' },
      apart: false,
      before: [
        'Real: PostgreSQL; godwit with its Cloud Run engine; the image that it builds; the runner.',
        `${emulated} A job is a process of this machine in its own network; \`--private-network\` shows one that is closed.`,
      ],
    });
  } finally {
    await started.value.stop();
  }
}
