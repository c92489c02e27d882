import { ok, type Outcome } from '../../../kit/outcome.ts';
import { quoteLiteral } from '../../../sql/quote.ts';
import type { Session, AnswerRow } from '../../contract/ports.ts';
import type { EventBody } from './event-body.ts';
import { readInParts } from './read-in-parts.ts';

/** The baseline according to the chains: for each object the digest in its newest event. */
export interface BaselineReplay {
  /** Receives the events `described`, in any order of runs. */
  take(event: { readonly run: string; readonly n: number; readonly body: EventBody }): void;
  /** Compares with the present rows; returns what differs, as text. */
  compare(session: Session): Promise<Outcome<{ readonly objects: number; readonly flaws: readonly string[] }>>;
}

interface KnownDescription {
  readonly epoch: number;
  readonly n: number;
  readonly digest: string;
  readonly run: string;
}

/** Rows of godwit.former_object that one event covers. */
interface Former {
  readonly run: string;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly digest: string;
}

/** The same digest as in `godwit.chain_baseline`. */
const digest = `pg_catalog."left"(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(
  pg_catalog.concat_ws('|', coalesce(o.made, 0), coalesce(o.seq, 0), o.whole, o.words::text), E'\\n'
  order by coalesce(o.made, 0), coalesce(o.seq, 0), o.whole, o.words::text collate "C"), 'UTF8')), 'hex'), 32)`;

function objectsBehind(last: AnswerRow | undefined): string {
  const behind =
    last === undefined
      ? ''
      : `where (o.kind, o.name) > (${[last[0], last[1]].map((text) => quoteLiteral(text ?? '')).join(', ')})`;
  return `select o.kind, o.name, ${digest} from godwit.object o ${behind} group by o.kind, o.name order by o.kind, o.name`;
}

/** Ranges in one query. */
const rangesAtOnce = 500;

/** Collects the baseline according to the chains. Keeps only names and digests. */
export function createBaselineReplay(): BaselineReplay {
  const objects = new Map<string, KnownDescription>();
  const formers: Former[] = [];
  const flaws: string[] = [];
  let newest = { epoch: -1, n: 0 };
  const put = (key: string, next: KnownDescription, copy: boolean): void => {
    const known = objects.get(key);
    if (known !== undefined && isBehind(next, known)) return;
    // In a copy of the database the object was found again by name: its definition is unchanged.
    if (copy && known !== undefined && known.digest !== next.digest)
      flaws.push(`${shown(key)}: its row was changed before run ${next.run} found it again in a copy of the database`);
    objects.set(key, next);
  };
  return {
    take({ run, n, body }) {
      const epoch = Number(body['epoch']);
      const isRebound = body['anew'] === 'copy' || body['anew'] === 'major';
      if (isRebound && (epoch > newest.epoch || (epoch === newest.epoch && n < newest.n))) newest = { epoch, n };
      for (const [kind, name, text] of triples(body['objects']))
        put(`${kind}\0${name}`, { epoch, n, digest: text, run }, body['anew'] === 'copy');
      const { former } = body;
      if (!Array.isArray(former)) return;
      const [first, last, count, text] = former as readonly unknown[];
      formers.push({ run, first: Number(first), last: Number(last), count: Number(count), digest: String(text) });
    },
    async compare(session) {
      let count = 0;
      const read = await readInParts(session, objectsBehind, ([kind, name, now]) => {
        count += 1;
        const key = `${kind ?? ''}\0${name ?? ''}`;
        const known = objects.get(key);
        objects.delete(key);
        if (known === undefined || known.digest === '')
          flaws.push(`${shown(key)}: its row was added: no run has written it`);
        else if (known.digest !== now)
          flaws.push(`${shown(key)}: its definition or its author is not that of run ${known.run}`);
      });
      if (!read.ok) return read;
      for (const [key, known] of objects)
        if (known.digest !== '' && !isBehind(known, { ...newest, digest: '', run: '' }))
          flaws.push(`${shown(key)}: its row was removed: run ${known.run} wrote it`);
      const past = await alteredFormer(session, formers);
      return past.ok ? ok({ objects: count, flaws: [...flaws, ...past.value] }) : past;
    },
  };
}

function isBehind(one: KnownDescription, other: KnownDescription): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.n < other.n);
}

function shown(key: string): string {
  return `baseline of ${key.replace('\0', ' ')}`;
}

function triples(value: unknown): readonly (readonly [string, string, string])[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) =>
    Array.isArray(entry) ? [[String(entry[0]), String(entry[1]), String(entry[2])] as const] : [],
  );
}

async function alteredFormer(session: Session, formers: readonly Former[]): Promise<Outcome<readonly string[]>> {
  const flaws: string[] = [];
  for (let at = 0; at < formers.length; at += rangesAtOnce) {
    const ranges = formers.slice(at, at + rangesAtOnce);
    const values = ranges.map(({ first, last }, index) => `(${index}, ${first}::bigint, ${last}::bigint)`).join(', ');
    const read = await readInParts(
      session,
      (
        behind,
      ) => `select w.i, pg_catalog.count(f.n), pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.string_agg(
  pg_catalog.concat_ws('|', f.n, f.change, f.kind, f.name, coalesce(f.made, 0), coalesce(f.written, 0), f.words::text), E'\\n' order by f.n), 'UTF8')), 'hex')
from (values ${values}) w (i, a, b) left join godwit.former_object f on f.n between w.a and w.b
where w.i > ${behind?.[0] ?? '-1'} group by w.i order by w.i`,
      ([index, count, text]) => {
        const range = ranges[Number(index)];
        if (range !== undefined && (Number(count) !== range.count || text !== range.digest))
          flaws.push(
            `former definitions (godwit.former_object) of what run ${range.run} changed or dropped were altered`,
          );
      },
    );
    if (!read.ok) return read;
  }
  let there = 0;
  const counted = await readInParts(
    session,
    () => 'select pg_catalog.count(*) from godwit.former_object',
    ([count]) => (there = Number(count)),
  );
  if (!counted.ok) return counted;
  const written = formers.reduce((sum, { count }) => sum + count, 0);
  return ok(
    there > written ? [...flaws, `godwit.former_object has ${there - written} rows that no run has written`] : flaws,
  );
}
