import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { firstTyped, optionName } from '../../kit/option-name.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { FleetSource } from '../../operations/fleet/fleet.ts';
import { readList } from '../../operations/fleet/read-list.ts';
import type { Io } from '../io.ts';
import type { FleetOptions } from './named.ts';

/**
 * Reads where the list of databases comes from.
 *
 * @param others typed options that mean nothing for many databases
 */
export async function fleetSourceOf(
  io: Pick<Io, 'cwd' | 'input'>,
  options: FleetOptions,
  others: Readonly<Record<string, unknown>>,
): Promise<Outcome<FleetSource>> {
  const { databases, databasesQuery, schemasQuery, parallel } = options;
  const given = Object.entries({ databases, databasesQuery, schemasQuery }).filter(([, value]) => value !== undefined);
  const [first = '', second] = given.map(([name]) => `--${optionName(name)}`);
  if (second !== undefined) return wrong(`${first} and ${second} cannot be combined: one list is needed.`);
  const other = firstTyped(others);
  if (other !== undefined) return wrong(`${first} and ${other} cannot be combined.`);
  if (parallel === 0) return wrong('--parallel 0: at least one database is worked on at a time.');
  if (databasesQuery !== undefined)
    return ok({ query: { sql: databasesQuery, option: '--databases-query', what: 'databases' } });
  if (schemasQuery !== undefined)
    return ok({ query: { sql: schemasQuery, option: '--schemas-query', what: 'schemas' } });
  const read = await readSource(io, databases ?? '-');
  if (!read.ok) return read;
  const listed = readList(read.value, databases === '-' ? 'standard input' : (databases ?? ''));
  return listed.ok ? ok({ listed: listed.value }) : listed;
}

async function readSource({ cwd, input }: Pick<Io, 'cwd' | 'input'>, file: string): Promise<Outcome<string>> {
  if (file === '-') return ok(await input());
  try {
    return ok(await readFile(resolve(cwd, file), 'utf8'));
  } catch (error) {
    return err(fault('list-invalid', { why: `${(error as Error).message}.`, fix: 'Name a file that can be read.' }));
  }
}

function wrong(why: string): Outcome<never> {
  return err(fault('wrong-usage', { why }));
}
