import { parseArgs } from 'node:util';
import { startEmulator, type Emulator } from './start.ts';

const usage = `usage: node emulator.js [--port N] [--project ID] [--service-account EMAIL] [--connector NAME]

  --port N                 the port of the APIs on loopback; without it, a free one
  --project ID             a project that is there
  --service-account EMAIL  a service account that is there
  --connector NAME         a VPC connector that is there, as projects/ID/locations/REGION/connectors/NAME

All but --port may be given several times. Prints its endpoints as lines NAME=VALUE and runs until it is stopped.
`;

const several = { type: 'string', multiple: true, default: [] as string[] } as const;
const options = {
  port: { type: 'string', default: '0' },
  project: several,
  'service-account': several,
  connector: several,
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * `node dist/emulator.js --port N`: runs until it is stopped, and prints its addresses.
 *
 * @param args the command line after the program's name; an invalid one ends with 2 and the usage
 */
export async function runEmulator(args: readonly string[]): Promise<void> {
  const values = valuesOf(args);
  if (values === undefined || values.help) {
    process[values === undefined ? 'stderr' : 'stdout'].write(usage);
    process.exitCode = values === undefined ? 2 : 0;
    return;
  }
  const cloud = await startEmulator({ port: Number(values.port) });
  for (const id of values.project) cloud.seed.project(id);
  for (const email of values['service-account']) cloud.seed.serviceAccount(email);
  for (const name of values.connector) cloud.seed.connector(name);
  process.stdout.write(linesOf(cloud));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cloud.stop());
}

function valuesOf(args: readonly string[]) {
  try {
    const { values } = parseArgs({ args: [...args], options });
    return /^\d{1,5}$/.test(values.port) ? values : undefined;
  } catch {
    return undefined;
  }
}

function linesOf(cloud: Emulator): string {
  const places = { ...cloud.env(), REGISTRY: cloud.registry, BASE_IMAGE: cloud.seed.baseImage() };
  return Object.entries(places)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
