import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { nearest } from '../../kit/nearest.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { Asked } from './asked.ts';
import { parameterNames, ruleOf } from './parameters.ts';
import { queryOf, type QueryPair } from './split-url.ts';
import { overruled, readStartupOptions, startupOption } from './startup-options.ts';

/** What all parameters together ask for, and what has no effect. */
interface ReadParameters {
  readonly asked: Asked;
  readonly findings: readonly Finding[];
}

/** Reads the part of a URL after the `?`. Every parameter is honoured, refused by name, or told to be without effect. */
export function readParameters(query: string, label: string): Outcome<ReadParameters> {
  const pairs = queryOf(query);
  if (pairs === undefined)
    return refuse('url-unescaped', `${label}: a parameter contains a \`%\` that begins no escape.`);
  let asked: Asked = {};
  const findings: Finding[] = [];
  const seen = new Map<string, string>();
  const paths: string[] = [];
  for (const { name, value } of pairs) {
    const shown = shownName(name);
    const rule = ruleOf(name);
    if (rule === undefined) return unknown(name, shown, label);
    if (value === undefined)
      return refuse(
        'url-parameter-refused',
        `${label}: ${shown} has no value.`,
        `Write \`${name}=VALUE\`, or remove it.`,
      );
    const before = seen.get(name);
    if (before !== undefined && before !== value)
      return refuse(
        'url-parameter-refused',
        `${label}: ${shown} is there twice, with two values.`,
        'Keep the one that is meant.',
      );
    seen.set(name, value);
    const reading = rule(value);
    if ('why' in reading) return refuse('url-parameter-refused', `${label}: ${reading.why}`, reading.fix);
    if ('told' in reading)
      findings.push(
        fault('url-parameter', { why: `${label}: ${shown} has no effect. ${reading.told}`, fix: reading.fix }),
      );
    else {
      if (reading.asked.searchPath !== undefined) paths.push(reading.asked.searchPath);
      if (name !== 'ssl') asked = { ...asked, ...reading.asked };
    }
  }
  const secured = withSsl(asked, pairs, label);
  if (!secured.ok) return secured;
  const placed = withSearchPath(secured.value, paths, label);
  if (!placed.ok) return placed;
  return ok({ asked: placed.value, findings: [...findings, ...overruledIn(placed.value.options ?? '', label)] });
}

/** `ssl=true` is sslmode=require, where sslmode says nothing else. */
function withSsl(asked: Asked, pairs: readonly QueryPair[], label: string): Outcome<Asked> {
  if (!pairs.some(({ name }) => name === 'ssl')) return ok(asked);
  if (asked.sslmode === undefined) return ok({ ...asked, sslmode: 'require' });
  return /^(disable|allow|prefer)$/.test(asked.sslmode)
    ? refuse('url-parameter-refused', `${label}: \`ssl=true\` contradicts \`sslmode\`.`, 'Remove `ssl`.')
    : ok(asked);
}

/** The search path becomes one of the options for the server process. */
function withSearchPath(asked: Asked, paths: readonly string[], label: string): Outcome<Asked> {
  const { searchPath, ...others } = asked;
  if (searchPath === undefined) return ok(others);
  const inOptions = readStartupOptions(asked.options ?? '').settings['search_path'];
  if (new Set([...paths, ...(inOptions === undefined ? [] : [inOptions])]).size > 1)
    return refuse('url-schema', `${label}: two parameters name different schemas.`);
  if (inOptions !== undefined) return ok(others);
  const added = startupOption('search_path', searchPath);
  return ok({ ...others, options: asked.options === undefined ? added : `${asked.options} ${added}` });
}

function overruledIn(options: string, label: string): readonly Finding[] {
  return Object.keys(readStartupOptions(options).settings)
    .filter((name) => overruled.has(name.toLowerCase()))
    .map((name) =>
      fault('url-parameter', {
        why: `${label}: \`options\` sets ${name}, which has no effect: godwit sets it in each of its sessions, so that no migration is killed or read in another way.`,
        fix: 'Ignore this warning, or remove the setting. A migration can use SET LOCAL.',
      }),
    );
}

function unknown(name: string, shown: string, label: string): Outcome<never> {
  const near = nearest(name.toLowerCase(), parameterNames);
  return refuse(
    'url-parameter-refused',
    `${label}: PostgreSQL has no connection parameter ${shown}.`,
    near === undefined ? 'Remove it.' : `Did you mean \`${near}\`?`,
  );
}

/** A name is shown only if it can hardly be a piece of a password. */
function shownName(name: string): string {
  return /^[A-Za-z][\w.-]{1,40}$/.test(name) ? `\`${name}\`` : 'one of the parameters';
}

function refuse(code: FaultCode, why: string, fix?: string): Outcome<never> {
  return err(fault(code, { why, ...(fix === undefined ? {} : { fix }) }));
}
