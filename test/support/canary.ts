import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { TestDatabase } from './database.ts';

/** What is searched for. */
export const canaryKernel = 'Zq7canary0Xk9w';
const kernel = canaryKernel;

/**
 * A password with every special character of a keyboard. Its kernel survives every way of quoting, and is searched for
 * as plain text, in base64 at each of its three alignments, in hexadecimal, and in compressed data.
 */
export const canaryPassword = ` !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~é${kernel}é~}|{\`_^]\\[@?>=<;:/.-,+*)('&%$#"! `;

/** The same for a second secret, which may stand where the first must not: in variables of the controller. */
export const secondKernel = 'Wv3canary8Jp2b';

const forms = formsOf(kernel);
const allForms = [...forms, ...formsOf(secondKernel)];

function formsOf(kernel: string): readonly (readonly [string, string])[] {
  const shifted = [0, 1, 2].flatMap((shift): (readonly [string, string])[] => {
    const text = Buffer.from('\0'.repeat(shift) + kernel).toString('base64');
    // The first and last letters depend on their neighbours.
    const inner = text.slice(shift === 0 ? 0 : 4, -4);
    return [
      [`base64 (${shift})`, inner],
      [`base64url (${shift})`, inner.replaceAll('+', '-').replaceAll('/', '_')],
    ];
  });
  return [['plain', kernel], ...shifted, ['hexadecimal', Buffer.from(kernel).toString('hex')]];
}

/** The form in which the canary occurs; undefined when it does not. Compressed parts are unpacked, to some depth. */
export function canaryIn(content: string | Uint8Array, depth = 3): string | undefined {
  const bytes =
    typeof content === 'string'
      ? Buffer.from(content)
      : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  for (const [name, form] of allForms) if (bytes.includes(form)) return name;
  if (depth === 0) return undefined;
  for (const part of packedParts(bytes)) {
    const found = canaryIn(part, depth - 1);
    if (found !== undefined) return `packed: ${found}`;
  }
  return undefined;
}

function packedParts(bytes: Buffer): readonly Buffer[] {
  const parts = [unpacked(bytes)];
  if (bytes.length < 20_000_000) {
    for (const [word] of bytes.toString('latin1').matchAll(/[A-Za-z0-9+/_-]{24,}={0,2}/g)) {
      const decoded = Buffer.from(word, 'base64');
      parts.push(decoded, unpacked(decoded));
    }
  }
  return parts.filter((part) => part !== undefined);
}

function unpacked(bytes: Buffer): Buffer | undefined {
  for (const unpack of [gunzipSync, brotliDecompressSync]) {
    try {
      const text = unpack(bytes);
      if (text.length > 0) return text;
    } catch {
      // It is compressed differently, or not at all.
    }
  }
  return undefined;
}

/** Files of a folder that contain the canary. */
export function canaryFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    const found = entry.isFile() ? canaryIn(readFileSync(path)) : undefined;
    return found === undefined ? [] : [`${path}: ${found}`];
  });
}

/** Every table of schema godwit, as text. */
export async function historyOf(database: TestDatabase): Promise<Readonly<Record<string, string>>> {
  const tables = await database.query<{ name: string }>(
    "select quote_ident(relname) as name from pg_class where relnamespace = 'godwit'::regnamespace and relkind = 'r'",
  );
  const dumped: Record<string, string> = {};
  for (const { name } of tables)
    dumped[`godwit.${name}`] = JSON.stringify(await database.query(`select * from godwit.${name}`));
  return dumped;
}

/** Watches all processes of the machine until it is stopped. */
export interface ProcessWatch extends Disposable {
  /** Processes that had the canary in their arguments or, unless they are the task's own, in their environment. */
  found(): readonly string[];
  /** How many of the task's own processes had it: the runner needs it. */
  tasks(): number;
  stop(): void;
}

/** The environment of processes that a test gives the canary on purpose. */
export const onPurpose = { CANARY_ON_PURPOSE: 'yes' };
const purpose = 'CANARY_ON_PURPOSE=';

/**
 * Finds nothing on systems without /proc.
 *
 * @param folder only environments that name this folder count; other tests have canaries, too
 * @param sought whether processes count that were given the canary on purpose, or all others
 */
export function watchProcesses(folder = '', sought: 'on purpose' | 'others' = 'others'): ProcessWatch {
  const found = new Set<string>();
  const tasks = new Set<string>();
  const look = (): void => {
    for (const pid of processes()) {
      const [environment, command] = [read(pid, 'environ'), read(pid, 'cmdline')];
      if (environment.includes(purpose) !== (sought === 'on purpose')) continue;
      const name = command.replaceAll('\0', ' ').slice(0, 120);
      if (allForms.some(([, form]) => command.includes(form))) found.add(`arguments of ${name}`);
      if (!forms.some(([, form]) => environment.includes(form))) continue;
      if (environment.includes('CLOUD_RUN_EXECUTION=')) tasks.add(pid);
      else if (environment.includes(folder)) found.add(`environment of ${name}`);
    }
  };
  const timer = setInterval(look, 10);
  return {
    found: () => [...found],
    tasks: () => tasks.size,
    stop: () => clearInterval(timer),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
