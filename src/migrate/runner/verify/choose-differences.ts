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

/** Differences that the user has named. */
export interface Chosen {
  /** Those to report, with their checks. */
  readonly reported: readonly { readonly difference: BaselineDifference; readonly checks: readonly Check[] }[];
  /** The same, with those that belong to them. */
  readonly all: readonly BaselineDifference[];
}

/** The most names among which a similar one is searched for. */
const mostNames = 50_000;

/** Finds the differences from the baseline that match these patterns; each pattern must match one. */
export async function chooseDifferences(
  patterns: readonly string[],
  opened: Pick<Opened, 'session' | 'history' | 'facts'>,
): Promise<Outcome<Chosen>> {
  const read = await readDifferences(opened, { ignore: [] });
  if (read === 'lost')
    return err(fault('connection-lost', { why: 'The connection was lost while the baseline was compared.' }));
  if (read.compared === undefined) return err(...read.findings);
  const every = describeDifferences(read.rows, baselineCheckOptions(opened));
  const reported = every.filter(({ difference }) => patterns.some((pattern) => names(pattern, difference)));
  const without = patterns.filter((pattern) => !reported.some(({ difference }) => names(pattern, difference)));
  if (without.length > 0) {
    const options = { different: every.map(({ difference }) => shownName(difference)), findings: read.findings };
    const findings = await Promise.all(without.map((pattern) => unmatched(opened, pattern, options)));
    return err(...findings);
  }
  return ok({ reported, all: withParts(differencesOf(read.rows), reported, every) });
}

/**
 * Adds differences that are not reported separately: parts of missing objects, and new names of parts whose object was
 * renamed.
 */
function withParts(
  differences: readonly BaselineDifference[],
  chosen: Chosen['reported'],
  every: Chosen['reported'],
): readonly BaselineDifference[] {
  const keysOf = (reported: Chosen['reported']) => new Set(reported.map(({ difference }) => chosenKey(difference)));
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
    if (taken.has(chosenKey(difference))) return true;
    if (difference.was === undefined) return false;
    const home = keyOfHome(difference.was.home);
    return difference.is === undefined ? gone.has(home) : there.has(home) && !reported.has(chosenKey(difference));
  });
}

function names(pattern: string, { kind, name, oldName }: BaselineDifference): boolean {
  return [oldName, name].some((one) => one !== '' && matches(pattern, { kind, name: one }));
}

function shownName({ kind, name, oldName }: BaselineDifference): NamedObject {
  return { kind, name: oldName === '' ? name : oldName };
}

/** What tells differences apart. */
function chosenKey({ is, was }: BaselineDifference): string {
  return [was, is].map((place) => (place === undefined ? '' : keyOfAddress(place.address))).join(' ');
}

/** Why a pattern matches no difference: the object does not exist, or does not differ. */
async function unmatched(
  { session }: Pick<Opened, 'session'>,
  pattern: string,
  { different, findings }: { readonly different: readonly NamedObject[]; readonly findings: readonly Finding[] },
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
    const unseen = findings.filter(({ why }) => found.some(({ home }) => isAbout(why, home)));
    const why =
      found.length > 1
        ? `${found.length} objects of the baseline are named \`${pattern}\`, and none of them differs.`
        : `${first.kind} ${first.name} matches the baseline.`;
    return fault('accept-no-difference', {
      why:
        unseen.length === 0
          ? why
          : `No difference was found, but not everything could be compared. ${unseen.map((one) => one.why).join(' ')}`,
    });
  }
  const near = nearObject(pattern, different) ?? nearObject(pattern, known);
  return fault('accept-unknown', {
    why: `No object in the baseline or among the differences is named \`${pattern}\`.`,
    ...(near === undefined ? {} : { fix: `Did you mean \`${near}\`?` }),
  });
}

/** Objects that were locked or are not described yet are reported by their home's name. */
function isAbout(why: string, home: string): boolean {
  return why.startsWith(`${home}: `) || why.startsWith(`${home} is locked`);
}

function nearObject(pattern: string, objects: readonly NamedObject[]): string | undefined {
  const candidates = objects.map(({ name }) => name);
  return candidates.find((name) => name.endsWith(`.${pattern}`)) ?? nearest(pattern, candidates);
}
