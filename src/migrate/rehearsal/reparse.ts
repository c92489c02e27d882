import { describeByName } from '../runner/adopt/find-objects.ts';
import { partIn, textOf, wordsIn, type PartName } from '../contract/definition.ts';
import { keyOfName } from '../contract/catalogue-object.ts';
import type { Rehearsed, RehearsedObject, SameWord } from '../contract/rehearsed.ts';
import type { Session } from '../contract/ports.ts';
import { describingSettings } from '../runner/verify/words/described.ts';

/**
 * Sends texts that differ through the throwaway server once: a text that the server has written and parsed again no
 * longer changes, so texts that agree then mean the same. All of it is rolled back.
 *
 * @param session of a superuser, on the database whose objects these are
 * @returns those that mean the same
 */
export async function sameWords(
  session: Session,
  rehearsed: Pick<Rehearsed, 'objects' | 'major'>,
  doubtful: readonly SameWord[],
): Promise<readonly SameWord[]> {
  const objects = new Map(rehearsed.objects.map((object) => [keyOfName(object), object]));
  const same: SameWord[] = [];
  for (const one of doubtful) {
    const object = objects.get(keyOfName(one));
    if (object === undefined) continue;
    const expected = await readAgain(session, object, one.expected);
    const found = await readAgain(session, object, one.found);
    if (expected !== undefined && expected === found) same.push(one);
  }
  return same;
}

async function readAgain(session: Session, object: RehearsedObject, word: string): Promise<string | undefined> {
  const { part, text } = partIn(word);
  const commands = remaking(object, part, text);
  if (commands === undefined) return undefined;
  const all = ['BEGIN', ...describingSettings, ...commands, describeByName([object]), 'ROLLBACK'];
  const reply = await session.send(all.map((command) => `${command.replace(/;\s*$/, '')};\n`).join(''), {
    rows: 'all',
  });
  if (!reply.ok) {
    await session.send('ROLLBACK');
    return undefined;
  }
  const rows = reply.results.at(-2)?.rows ?? [];
  const made = object.kind === 'trigger' ? `${object.home}.${temporaryName}` : object.name;
  const row = rows.find(([kind, name]) => kind === object.kind && name === made);
  return textOf(wordsIn(row?.[7]), part);
}

/** Commands that make an object, or a part of it, anew by the server's own text for it; undefined: there are none. */
function remaking(object: RehearsedObject, part: PartName, text: string): readonly string[] | undefined {
  const { kind, name, home } = object;
  const own = name.slice(home.length + 1);
  const type = wordOf(object, 'type');
  const parent = wordOf(object, 'inherits');
  switch (`${kind} ${part}`) {
    case 'constraint definition': {
      const what = object.homeClass === pgType ? 'DOMAIN' : 'TABLE';
      return [
        `ALTER ${what} ${home} RENAME CONSTRAINT ${own} TO ${temporaryName}`,
        `ALTER ${what} ${home} ADD CONSTRAINT ${own} ${text}`,
      ];
    }
    case 'index definition':
      return [`ALTER INDEX ${name} RENAME TO ${temporaryName}`, text];
    case 'statistics definition':
      return [`ALTER STATISTICS ${name} RENAME TO ${temporaryName}`, text];
    case 'trigger definition':
      // A partition's trigger belongs to its parent's, and must remain.
      return [text.replace(/TRIGGER .+? (?=BEFORE|AFTER|INSTEAD)/, `TRIGGER ${temporaryName} `)];
    case 'rule definition':
      return [`DROP RULE ${own} ON ${home}`, text];
    case 'function definition':
    case 'procedure definition':
      return [text];
    case 'view query':
      return [`CREATE OR REPLACE VIEW ${name} AS ${text}`];
    case 'materialized view query':
      return [
        `DROP MATERIALIZED VIEW ${name} CASCADE`,
        `CREATE MATERIALIZED VIEW ${name} AS ${text.replace(/;\s*$/, '')} WITH NO DATA`,
      ];
    case 'column default':
      return [`ALTER TABLE ${home} ALTER COLUMN ${own} SET DEFAULT ${text}`];
    case 'column generated': {
      const [, how = '', expression = ''] = /^(\w+) ([\s\S]*)$/.exec(text) ?? [];
      return type === undefined
        ? undefined
        : [
            `ALTER TABLE ${home} DROP COLUMN ${own} CASCADE`,
            `ALTER TABLE ${home} ADD COLUMN ${own} ${type} GENERATED ALWAYS AS (${expression}) ${how.toUpperCase()}`,
          ];
    }
    case 'policy using':
      return [`ALTER POLICY ${own} ON ${home} USING (${text})`];
    case 'policy with check':
      return [`ALTER POLICY ${own} ON ${home} WITH CHECK (${text})`];
    case 'domain default':
      return [`ALTER DOMAIN ${name} SET DEFAULT ${text}`];
    case 'table partition':
      return parent === undefined
        ? undefined
        : [`ALTER TABLE ${parent} DETACH PARTITION ${name}`, `ALTER TABLE ${parent} ATTACH PARTITION ${name} ${text}`];
    default:
      return undefined;
  }
}

/** The existing object is renamed to this, because others may depend on it. */
const temporaryName = 'godwit_aside';

/** OID of pg_type, which is the same on every server. */
const pgType = '1247';

function wordOf({ states }: RehearsedObject, part: PartName): string | undefined {
  const words = states.findLast((state) => state.words !== null)?.words ?? [];
  return textOf(words, part);
}
