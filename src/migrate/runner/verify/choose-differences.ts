import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { nearest } from '../../../kit/nearest.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Check } from '../../contract/model.ts';
import { serverFault } from '../../contract/server-fault.ts';
import { isHome, keyOfAddress, keyOfHome } from '../../contract/catalogue-object.ts';
import { differencesOf, describeDifferences, type BaselineDifference } from './baseline-check.ts';
import { matches, type NamedObject } from '../../contract/object-pattern.ts';
import type { Opened } from '../session/open.ts';
import { baselineCheckOptions, readDifferences } from './verify-applied.ts';

/** Differences that somebody has named. */
export interface Chosen {
  /** Those that are told, with their checks. */
  readonly reported: readonly { readonly difference: BaselineDifference; readonly checks: readonly Check[] }[];
  /** The same, and what goes along with them. */
  readonly all: readonly BaselineDifference[];
}

/** Names are looked for among so many, at most. */
const mostNames = 50_000;

/** Finds the differences from the baseline that these patterns name; each of them must name one. */
export async function chooseDifferences(
  patterns: readonly string[],
  opened: Pick<Opened, 'session' | 'history' | 'facts'>,
): Promise<Outcome<Chosen>> {
  const read = await readDifferences(opened, { ignore: [] });
  if (read === 'lost') return err(fault('connection-lost', { why: 'It was lost while the baseline was compared.' }));
  if (read.compared === undefined) return err(...read.findings);
  const every = describeDifferences(read.rows, baselineCheckOptions(opened));
  const reported = every.filter(({ difference }) => patterns.some((pattern) => names(pattern, difference)));
  const without = patterns.filter((pattern) => !reported.some(({ difference }) => names(pattern, difference)));
  if (without.length > 0) {
    const options = { different: every.map(({ difference }) => shownName(difference)), beside: read.findings };
    const findings = await Promise.all(without.map((pattern) => unmatched(opened, pattern, options)));
    return err(...findings);
  }
  return ok({ told: reported, all: withParts(differencesOf(read.rows), reported, every) });
}

/** What is not told by itself goes along: parts of what is missing, and new names of parts whose object was renamed. */
function withParts(
  differences: readonly BaselineDifference[],
  chosen: Chosen['told'],
  every: Chosen['told'],
): readonly BaselineDifference[] {
  const keysOf = (reported: Chosen['told']) => new Set(reported.map(({ difference }) => keyOf(difference)));
  const homesOf = (isThere: boolean) =>
    new Set(
      chosen.flatMap(({ difference: { is, was } }) =>
        was !== undefined && isHome(was.address, was.home) && (is !== undefined) === isThere
          ? [keyOfHome(was.home)]
          : [],
      ),
    );
  const [taken, reported, gone, there] = [keysOf(chosen), keysOf(every), homesOf(false), homesOf(true)];
  return differences.filter((difference) => {
    if (taken.has(keyOf(difference))) return true;
    if (difference.was === undefined) return false;
    const home = keyOfHome(difference.was.home);
    return difference.is === undefined ? gone.has(home) : there.has(home) && !reported.has(keyOf(difference));
  });
}

function names(pattern: string, { kind, name, oldName }: BaselineDifference): boolean {
  return [oldName, name].some((one) => one !== '' && matches(pattern, { kind, name: one }));
}

function shownName({ kind, name, oldName }: BaselineDifference): NamedObject {
  return { kind, name: oldName === '' ? name : oldName };
}

/** What tells differences apart. */
function keyOf({ is, was }: BaselineDifference): string {
  return [was, is].map((place) => (place === undefined ? '' : keyOfAddress(place.address))).join(' ');
}

/** Why a pattern names no difference: there is no such object, or it does not differ. */
async function unmatched(
  { session }: Pick<Opened, 'session'>,
  pattern: string,
  {
    different,
    findings: beside,
  }: { readonly different: readonly NamedObject[]; readonly findings: readonly Finding[] },
): Promise<Finding> {
  const reply = await session.send(
    `select o.kind, o.name, h.name from godwit.object o left join godwit.object h on h.class = o.home_class and h.oid = o.home and h.sub = 0
order by o.kind, o.name limit ${mostNames}`,
    { rows: 'all' },
  );
  if (!reply.ok) return serverFault(reply.error);
  const known = (reply.results[0]?.rows ?? []).map(([kind, name, home]) => ({
    kind: kind ?? '',
    name: name ?? '',
    home: home ?? '',
  }));
  const found = known.filter((object) => matches(pattern, object));
  const [first] = found;
  if (first !== undefined) {
    const unseen = beside.filter(({ why }) => found.some(({ home }) => isAbout(why, home)));
    const why =
      found.length > 1
        ? `${found.length} objects of the baseline are named \`${pattern}\`, and none of them differs.`
        : `${first.kind} ${first.name} is as the baseline has it.`;
    return fault('accept-no-difference', {
      why:
        unseen.length === 0
          ? why
          : `Nothing was seen to differ, but not all could be compared. ${unseen.map((one) => one.why).join(' ')}`,
    });
  }
  const near = nearObject(pattern, different) ?? nearObject(pattern, known);
  return fault('accept-unknown', {
    why: `\`${pattern}\` names nothing in the baseline, and nothing that differs from it.`,
    ...(near === undefined ? {} : { fix: `Did you mean \`${near}\`?` }),
  });
}

/** Those that were locked or are not described yet are told by the name of their object. */
function isAbout(why: string, home: string): boolean {
  return why.startsWith(`${home}: `) || why.startsWith(`${home} is locked`);
}

function nearObject(pattern: string, objects: readonly NamedObject[]): string | undefined {
  const candidates = objects.map(({ name }) => name);
  return candidates.find((name) => name.endsWith(`.${pattern}`)) ?? nearest(pattern, candidates);
}
