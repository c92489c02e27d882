import type { RunEvent } from '../../migrate/contract/event.ts';
import { countOf } from './format.ts';
import type { Moving } from './moving.ts';
import type { PlacedStatement } from './placed-statement.ts';
import type { Screen } from './screen-port.ts';

type EventOf<Kind extends RunEvent['kind']> = Extract<RunEvent, { readonly kind: Kind }>;
type StartedMigration = EventOf<'migration.started'>;

/** Tells which statement of which migration is under way. */
export interface UnderWay {
  started(event: StartedMigration, label: string): void;
  progress(event: EventOf<'progress'>): void;
  /** Shows facts about the statement that is under way: of a build, whose object tells which statement it is. */
  shows(id: string, about: About): void;
  /** Neither the migration is under way any more, nor the run. */
  over(): void;
}

/** What is known about the statement that is under way. */
export interface About {
  readonly facts: readonly string[];
  readonly more: string;
  readonly build?: BuildUnderWay;
}

interface BuildUnderWay {
  readonly command: string;
  readonly object: string;
}

interface Current {
  readonly id: string;
  readonly name: string;
  readonly counter: string | undefined;
}

const soonMs = 500;

/** Creates what tells it on this screen. */
export function createUnderWay(screen: Screen): UnderWay {
  let current: Current | undefined;
  let timer: NodeJS.Timeout | undefined;
  let statements: readonly PlacedStatement[] = [];
  let where = '';
  const show = (facts: readonly string[] = [], more?: string): void => {
    if (current === undefined) return;
    const { name, counter } = current;
    const work: Moving = { name, facts: [...(where === '' ? [] : [where]), ...facts] };
    screen.live({ ...work, ...(counter === undefined ? {} : { counter }), ...(more === undefined ? {} : { more }) });
  };
  const find = async (started: Current, direction: StartedMigration['direction']): Promise<void> => {
    const known = await screen.statements(started.id, direction).catch(() => []);
    if (current !== started || known.length === 0) return;
    statements = known;
    const [only] = known;
    const count = known.reduce((sum, statement) => sum + statement.count, 0);
    if (where === '') where = count === 1 && only !== undefined ? placed(only) : countOf(count, 'statement');
    show();
  };
  return {
    started({ id, direction, index, of }, label) {
      const started = { id, name: label, counter: of > 1 ? `${index} of ${of}` : undefined };
      current = started;
      statements = [];
      where = '';
      show();
      // A short migration is over before anybody reads more about it.
      clearTimeout(timer);
      timer = setTimeout(() => void find(started, direction), soonMs).unref();
    },
    progress({ id, statement, of, tag }) {
      current ??= { id, name: id, counter: undefined };
      const known = statements[statement - 1];
      where = of === 1 ? placed(known ?? { tag }) : `${statement}/${of} ${placed(known ?? { tag })}`;
      show();
    },
    shows(id, { facts, more, build }) {
      if (current?.id !== id) current = { id, name: id, counter: undefined };
      const at = build === undefined ? -1 : indexOfBuild(statements, build);
      const found = statements[at];
      if (found !== undefined)
        where = `${statements.length === 1 ? '' : `${at + 1}/${statements.length} `}${placed(found)}`;
      else if (build !== undefined) where = build.command;
      show(facts, more);
    },
    over() {
      current = undefined;
      clearTimeout(timer);
      screen.settle();
    },
  };
}

/** `CREATE INDEX (line 7)` */
function placed({ tag, line }: { readonly tag: string; readonly line?: number }): string {
  return line === undefined ? tag : `${tag} (line ${line})`;
}

/** Which statement builds this object; -1: it cannot be told. */
function indexOfBuild(statements: readonly PlacedStatement[], { command, object }: BuildUnderWay): number {
  const name = object.split('.').at(-1)?.replaceAll('"', '') ?? '';
  // Others see an index only after the COMMIT: until then the server has a number for it.
  const named = /^\d*$/.test(name) ? [] : statements.filter(({ text }) => mentions(text, name));
  const like = statements.filter(({ tag }) => tag !== '' && command.startsWith(tag));
  const [found] = named.length === 1 ? named : like.length === 1 ? like : [];
  return found === undefined ? -1 : statements.indexOf(found);
}

function mentions(text: string, name: string): boolean {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}_$]+/u)
    .includes(name.toLowerCase());
}
