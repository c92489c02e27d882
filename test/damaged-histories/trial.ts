import { diceOf } from '../histories/dice.ts';
import type { Stage } from '../histories/stage.ts';
import { createProject } from '../support/project.ts';
import { damage, type Damage } from './damage.ts';
import { mustBeNamed } from './not-covered.ts';
import type { Scene } from './scene.ts';

/** One damaged history, and what commands made of it. */
export interface Trial {
  readonly seed: number;
  readonly scene: number;
  readonly damages: readonly Damage[];
  readonly noticed: 'by every command' | 'by verify-chain' | 'by nobody' | 'not damaged';
  readonly failures: readonly { readonly kind: string; readonly detail: string }[];
  readonly said: string;
}

const commands = ['runs verify-chain', 'status', 'plan', 'up', 'up', 'down', 'runs verify-chain'];
const refusals = /\[(?:history-damaged|history-newer|wrong-database|no-privilege)\]/;

/** Damages a copy of the scene as the seed says, and types the commands that somebody would. */
export async function tryDamage(
  stage: Stage,
  scene: Scene,
  { seed, number }: { seed: number; number: number },
): Promise<Trial> {
  const dice = diceOf(seed);
  await using place = await stage.database(scene.place.name);
  const client = await place.connect();
  const failures: { kind: string; detail: string }[] = [];
  const fail = (kind: string, detail = ''): void => void failures.push({ kind, detail });
  try {
    const damages: Damage[] = [];
    for (let left = dice.maybe(0.05) ? 0 : dice.maybe(0.8) ? 1 : 2; left > 0; left -= 1) {
      const done = await damage(client, dice);
      if (done === undefined) continue;
      damages.push(done);
      // What the next one could be done to is not there any more.
      if (done.what === 'shape') break;
    }
    const known = await recorded(client);
    const counted = await countOf(client);
    using project = createProject(scene.files, place.url);
    const said: string[] = [];
    const exits: number[] = [];
    const refused: boolean[] = [];
    for (const command of commands) {
      const { exitCode, out, err } = await project.run(...command.split(' '));
      said.push(`godwit ${command}: ${exitCode}\n${out}${err}`);
      exits.push(exitCode);
      refused.push(refusals.test(err));
      if (exitCode === 70 || err.includes('[bug]')) fail('a bug', `${command}: ${err}`);
      if (/\n\s+at .*\.m?[jt]s:\d/.test(err)) fail('a stack trace', err);
    }
    const now = new Set(scene.inEffect);
    const { rows } = await client.query<{ unit: string; way: string }>(
      'select unit, way from tally where n > $1 order by n',
      [counted],
    );
    for (const { unit, way } of rows) {
      if (way === 'up' && now.has(unit)) fail('applied twice', unit);
      if (way === 'down' && !now.has(unit)) fail('undone without being there', unit);
      if (way === 'up') now.add(unit);
      else now.delete(unit);
    }
    const news = rows.map(({ unit, way }) => `${unit.replace(/\..*/, '')} ${way}`);
    for (const { id, kind } of await recorded(client, known))
      if (!news.includes(`${id} ${kind === 'reverted' ? 'down' : 'up'}`))
        fail('recorded without being applied', `${id} ${kind}`);
    const noticed =
      damages.length === 0
        ? 'not damaged'
        : refused.slice(1, 6).some(Boolean)
          ? 'by every command'
          : exits[0] !== 0
            ? 'by verify-chain'
            : 'by nobody';
    if (noticed === 'by nobody' && damages.some(mustBeNamed)) fail(`not noticed: ${damages.map(shown).join(' and ')}`);
    const quiet =
      noticed === 'not damaged' || (noticed === 'by nobody' && !damages.some(({ what }) => what === 'shape'));
    if (quiet && exits.slice(0, 5).some((exitCode) => exitCode !== 0))
      fail('a command fails that should not', exits.join(' '));
    if (exits[3] === 0 && scene.pending.some((unit) => !rows.some((row) => row.unit === unit)))
      fail('`up` ended well, and something is pending', scene.pending.join(' '));
    return { seed, scene: number, damages, noticed, failures, said: said.join('\n') };
  } finally {
    await client.end();
  }
}

export function shown({ what, tables, column }: Damage): string {
  return `${what} ${tables.join('+')}${column === '*' ? '' : `.${column}`}`;
}

interface Recorded {
  readonly id: string;
  readonly kind: string;
  readonly head: string;
}

/** Rows of the history; with `known`, those that are new. */
async function recorded(
  client: { query: (sql: string) => Promise<{ rows: Recorded[] }> },
  known: readonly Recorded[] = [],
): Promise<readonly Recorded[]> {
  try {
    const { rows } = await client.query('select id, kind, head from godwit.migration');
    const before = new Set(known.map((row) => JSON.stringify(row)));
    return rows.filter((row) => !before.has(JSON.stringify(row)));
  } catch {
    return [];
  }
}

async function countOf(client: { query: (sql: string) => Promise<{ rows: { n: string }[] }> }): Promise<string> {
  const { rows } = await client.query('select coalesce(max(n), 0) as n from tally');
  return rows[0]?.n ?? '0';
}
