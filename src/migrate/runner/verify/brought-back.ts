import { kindIn } from '../../contract/catalogue-object.ts';
import { checkKind } from '../../contract/check-kind.ts';
import { wordsIn } from '../../contract/definition.ts';
import type { Check } from '../../contract/model.ts';
import type { Session } from '../../contract/ports.ts';
import { differentWords, shownPart } from './word-difference.ts';

/** Row numbers of migrations of which something was undone and done again. */
export interface BroughtBack {
  readonly seqs: readonly number[];
  readonly file: (id: string) => string;
}

/**
 * Checks after `up --resume-up` that everything which the migration had made and a `down` had removed exists again,
 * with the same definition.
 *
 * @returns a check for each object, including those that passed
 */
export async function checkBroughtBack(
  session: Session,
  { seqs, file }: BroughtBack,
): Promise<readonly Check[] | 'lost'> {
  if (seqs.length === 0) return [];
  const list = seqs.map((seq) => Math.trunc(seq)).join(', ');
  const reply = await session.send(
    `select f.kind, f.name, g.id, pg_catalog.to_json(f.words), pg_catalog.to_json(o.words)
from (select distinct on (kind, name) * from godwit.former_object where seq in (${list}) and made = seq and change = 'dropped' order by kind, name, n desc) f
join godwit.migration g on g.seq = f.seq left join godwit.object o on o.kind = f.kind and o.name = f.name order by f.n`,
    { rows: 'all' },
  );
  if (!reply.ok) return reply.error.lost ? 'lost' : [];
  return (reply.results[0]?.rows ?? []).flatMap(([kind, name, id, was, is]): readonly Check[] => {
    const common = {
      kind: checkKind('again', kindIn(kind)),
      object: name ?? '',
      where: { file: file(id ?? '') },
      migration: id ?? '',
    };
    if (is == null) return [{ ...common, ok: false, severity: 'error', expected: 'as before', actual: 'missing' }];
    const differences = differentWords(wordsIn(was), wordsIn(is)).filter(({ severity }) => severity !== 'note');
    if (differences.length === 0)
      return [{ ...common, ok: true, severity: 'note', expected: 'as before', actual: 'as before' }];
    return differences.map((difference) => ({
      ...common,
      ok: false,
      severity: 'error',
      expected: shownPart(difference.part, difference.was),
      actual: shownPart(difference.part, difference.is),
    }));
  });
}
